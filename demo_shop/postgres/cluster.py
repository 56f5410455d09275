"""The data folder of a server: how it is made, what it remembers, how the server is put to work on it."""

import os
import random
import secrets
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo_shop.postgres.install import Account, EmbeddedPostgresError, usable_install
from demo_shop.postgres.process import retire_dead

HOST = "127.0.0.1"
SUPERUSER = "postgres"
# Owns the databases, and may do nothing more: as whoever rents a server.
OWNER = "owner"
START_SECONDS = 120
# Below the range from which kernels take the local ports of outgoing connections.
PORTS = range(20_000, 32_000)
# No Unix socket: its path may not exceed 107 bytes, and root's server runs under another account than root's clients.
OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "logging_collector": "off",
    "log_destination": "stderr",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A data folder with its password, port and log inside, where only the server's account and root can read them."""

    data_dir: Path
    version: int
    options: Mapping[str, str]

    @property
    def exists(self) -> bool:
        """Say whether the folder holds a cluster; one that does is complete."""
        return (self.data_dir / "PG_VERSION").exists()

    @property
    def account(self) -> Account:
        """The account that the server runs under."""
        return Account.for_folder(self.data_dir)

    @property
    def password(self) -> str:
        """The password of both roles; empty before the first start."""
        return _read(self.data_dir / "embedded.password")

    @property
    def port(self) -> int | None:
        """The port of the last start; None before the first."""
        return int(_read(self.data_dir / "embedded.port") or 0) or None

    @property
    def log_path(self) -> Path:
        """Where the server writes its log."""
        return self.data_dir / "embedded.log"

    def binary(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs."""
        return usable_install(self.version, self.account, self.data_dir.parent) / "bin" / name

    def log(self, lines: int) -> str:
        """Return the last lines of the log."""
        return "\n".join(_read(self.log_path).splitlines()[-lines:])

    def create(self) -> None:
        """Make a cluster aside and move it into place, so that one that exists is complete and has its password."""
        self._require_way()
        self._clear_unfinished()
        account = self.account
        aside = Path(tempfile.mkdtemp(prefix=self._unfinished, dir=self.data_dir.parent))
        account.own(aside)
        password = secrets.token_urlsafe(24)
        with tempfile.NamedTemporaryFile("w", prefix=self._unfinished, dir=self.data_dir.parent) as given:
            given.write(password)
            given.flush()
            account.own(Path(given.name))
            made = account.run([*self._initdb(), "-D", aside, f"--pwfile={given.name}"])
            if not made.returncode:
                role = f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{password}'"
                made = account.run([self.binary("postgres"), "--single", "-D", aside, "postgres"], input=role)
        if made.returncode:
            shutil.rmtree(aside, ignore_errors=True)
            raise self._failure("initdb failed", made.stdout)
        _write(aside / "embedded.password", password, account)
        aside.rename(self.data_dir)

    def launch(self) -> None:
        """Start the server, on another port where the remembered one is taken."""
        self._require_version()
        retire_dead(self.data_dir)
        deadline = time.monotonic() + START_SECONDS
        port = _free_port(self.port)
        while (said := self._start_on(port)) is not None:
            if "Address already in use" in said:
                port = _free_port()
            elif "pre-existing shared memory block" in said:
                # Sessions of a killed server end when they notice; a second server beside them would ruin the data.
                time.sleep(0.2)
            else:
                raise self._failure("PostgreSQL does not start", said)
            if time.monotonic() > deadline:
                raise self._failure("PostgreSQL does not start", said)

    def stop(self, mode: str) -> None:
        """Stop the server, waiting for its end."""
        done = self.account.run([self.binary("pg_ctl"), "stop", "-D", self.data_dir, "-m", mode, "-w"])
        if done.returncode:
            raise self._failure("PostgreSQL does not stop", done.stdout)

    def destroy(self) -> None:
        """Delete the data of a stopped server."""
        self._clear_unfinished()
        if self.data_dir.exists():
            shutil.rmtree(self.data_dir)

    @property
    def _unfinished(self) -> str:
        return f"{self.data_dir.name}.unfinished-"

    def _clear_unfinished(self) -> None:
        for left in self.data_dir.parent.glob(f"{self._unfinished}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)

    def _initdb(self) -> list[str | Path]:
        locale = "C" if sys.platform == "darwin" else "C.UTF-8"
        fast = ["--no-sync"] if self.options.get("fsync") == "off" else []
        access = [f"--username={SUPERUSER}", "--auth=scram-sha-256"]
        return [self.binary("initdb"), *access, "--encoding=UTF8", f"--locale={locale}", *fast]

    def _start_on(self, port: int) -> str | None:
        """Start the server on one port; return None, or what it said when it failed."""
        account = self.account
        _write(self.data_dir / "embedded.port", str(port), account)
        settings = {**OPTIONS, "port": str(port), **self.options}
        arguments = [f"-D {_quoted(str(self.data_dir))}", *(f"-c {key}={_quoted(settings[key])}" for key in settings)]
        with open(self.log_path, "ab") as log:
            account.own(self.log_path)
            before = log.tell()
            # PGDATA and an open log instead of pg_ctl's -D and -l, which a shell would read in double quotes.
            started = account.run(
                [self.binary("pg_ctl"), "start", "-w", "-t", str(START_SECONDS), "-o", " ".join(arguments)],
                env={"PGDATA": str(self.data_dir)},
                stdout=log,
                stderr=log,
            )
        if started.returncode == 0:
            return None
        with open(self.log_path, "rb") as log:
            log.seek(before)
            return log.read().decode(errors="replace")

    def _require_way(self) -> None:
        account = self.account
        if account.is_other and not account.can_enter(self.data_dir.parent):
            raise EmbeddedPostgresError(
                f"PostgreSQL refuses root, so it runs as uid {account.uid}, which cannot enter "
                f"{self.data_dir.parent}. Choose a folder outside of closed homes (for the demo in DEMO_SHOP_STATE), "
                "or run this as another user."
            )
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise EmbeddedPostgresError(f"{self.data_dir} holds something else than a cluster. Choose another folder.")

    def _require_version(self) -> None:
        found = _read(self.data_dir / "PG_VERSION").strip()
        if found != str(self.version):
            raise EmbeddedPostgresError(
                f"{self.data_dir} was made by PostgreSQL {found}, and this is {self.version}. "
                "Choose another folder, or delete it."
            )

    def _failure(self, what: str, said: str) -> EmbeddedPostgresError:
        advice = f"The whole log is {self.log_path}." if self.exists else "Its own words above say why."
        if "shared memory segment" in said:
            advice = "The machine's shared memory is used up: raise its limit, or end other servers."
        elif "No space left on device" in said:
            advice = f"The disk of {self.data_dir.parent} is full: free 100 MB there, or choose another folder."
        return EmbeddedPostgresError(f"{what} in {self.data_dir}:\n{said.strip()[-4000:]}\n{advice}")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    except PermissionError as error:
        raise EmbeddedPostgresError(f"{path.parent} belongs to another user. Choose another folder.") from error


def _write(path: Path, text: str, account: Account) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    account.own(path)


def _quoted(value: str) -> str:
    """Quote one value for the shell that pg_ctl starts the server with."""
    return "'" + value.replace("'", "'\\''") + "'"


def _free_port(wanted: int | None = None) -> int:
    """Return the wanted port if nobody listens there, else any other; the server may still find it taken."""
    port = wanted or random.choice(PORTS)
    while not _is_free(port):
        port = random.choice(PORTS)
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
