"""Programs of other people that faults need: the proxy of our own, PgBouncer, network namespaces, a small disk."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .processes import ROOT, ProofError, until


def command(*words: str | Path, check: bool = True) -> str:
    """Run a program to its end and return what it said."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise ProofError(f"{' '.join(map(str, words))} failed: {(done.stdout + done.stderr).strip()}")
    return done.stdout


def need(program: str, package: str) -> str:
    """Return the path of a program; raise ProofError naming the Debian package that has it."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise ProofError(f"There is no {program} here. Install Debian's package {package}.")
    return found


def need_root(what: str) -> None:
    """Raise ProofError unless this is root."""
    if os.geteuid() != 0:
        raise ProofError(f"Only root can make {what}.")


def on_port(url: str, port: int, host: str | None = None) -> str:
    """Return the address with another port, and host."""
    parts = urlsplit(url)
    who = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{who}@{host or parts.hostname}:{port}"))


@dataclass(frozen=True, slots=True)
class ProxyProcess:
    """A running proxy."""

    process: subprocess.Popen[str]
    port: int

    def tell(self, word: str) -> int:
        """Give it a word; return how many connections that concerned."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def proxy(target: int) -> Iterator[ProxyProcess]:
    """Run a proxy in front of a port of this machine."""
    process = subprocess.Popen(
        [sys.executable, "-m", "proofs.proxy", str(target)], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield ProxyProcess(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


BOUNCER = """
[databases]
* = host=127.0.0.1 port={target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
pidfile = {folder}/pid
admin_users = {user}
"""


@contextlib.contextmanager
def bouncer(url: str, folder: Path, port: int) -> Iterator[str]:
    """Run PgBouncer in transaction mode in front of a server; give the address through it."""
    program = need("pgbouncer", "pgbouncer")
    parts = urlsplit(url)
    folder.mkdir()
    (folder / "ini").write_text(BOUNCER.format(target=parts.port, port=port, folder=folder, user=parts.username))
    (folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
    account = [] if os.geteuid() else ["-u", "nobody"]
    if account:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with open(folder / "said", "wb") as said:
        process = subprocess.Popen([program, *account, folder / "ini"], stdout=said, stderr=said)
    through = on_port(url, port)
    try:
        until(lambda: _answers(through), 10, "PgBouncer answers")
        yield through
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a tmpfs."""
    need_root("a tmpfs")
    folder.mkdir()
    command(need("mount", "mount"), "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "proofs", folder)
    try:
        yield folder
    finally:
        command(need("umount", "mount"), "-l", folder)


@dataclass(frozen=True, slots=True)
class Machine:
    """A network namespace, joined to this machine by a cable of its own."""

    name: str
    cable: str
    here: str

    @property
    def prefix(self) -> Sequence[str]:
        """The command that runs a program there."""
        return [need("ip", "iproute2"), "netns", "exec", self.name]

    def plug(self, state: str) -> None:
        """Pull the cable out (`down`) or put it back (`up`)."""
        command(need("ip", "iproute2"), "link", "set", self.cable, state)


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Make machines that each reach this one under an address of its own."""
    need_root("network namespaces")
    ip, mark = need("ip", "iproute2"), f"{os.getpid() % 10_000}"
    made: list[Machine] = []
    try:
        for number in range(count):
            net = f"10.{200 + int(mark) % 50}.{number}"
            machine = Machine(f"proofs{mark}n{number}", f"pf{mark}h{number}", f"{net}.1")
            command(ip, "netns", "add", machine.name)
            made.append(machine)
            inside = f"pf{mark}c{number}"
            command(ip, "link", "add", machine.cable, "type", "veth", "peer", "name", inside, "netns", machine.name)
            command(ip, "addr", "add", f"{net}.1/24", "dev", machine.cable)
            command(ip, "link", "set", machine.cable, "up")
            for words in (
                ("addr", "add", f"{net}.2/24", "dev", inside),
                ("link", "set", inside, "up"),
                ("link", "set", "lo", "up"),
            ):
                command(ip, "-n", machine.name, *words)
        yield made
    finally:
        for machine in made:
            command(ip, "link", "del", machine.cable, check=False)
            command(ip, "netns", "del", machine.name, check=False)
