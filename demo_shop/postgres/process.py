"""Server processes: which one serves a data folder, what a crash left behind, and who ends them."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from demo_shop.postgres.install import EmbeddedPostgresError

# Above every system's largest process id, so that nothing ever runs under it.
NO_PROCESS = 2_147_483_646

WATCH = """
trap '' INT TERM HUP
read -r _
pid=$(head -n 1 "$1" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    i=0
    while [ -e "$1" ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
fi
rm -rf "$2"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """The living server process of a data folder."""

    pid: int
    port: int

    @classmethod
    def of(cls, data_dir: Path) -> Self | None:
        """Read postmaster.pid; None unless the process that it names serves this very folder."""
        lines = _pid_file_lines(data_dir)
        if len(lines) < 4 or not lines[3].isdigit():
            return None
        pid = int(lines[0])
        return cls(pid=pid, port=int(lines[3])) if _serves(pid, data_dir) else None


def retire_dead(data_dir: Path) -> None:
    """Make postmaster.pid of a killed server name a process that cannot exist.

    Its process may linger as a zombie, or its number may be another program's by now; PostgreSQL would refuse to
    start for either. The rest of the file stays, since PostgreSQL finds by it whether sessions of the dead server
    still use its shared memory. Call this only under the folder's lock, with no server alive.
    """
    lines = _pid_file_lines(data_dir)
    if lines:
        (data_dir / "postmaster.pid").write_text("\n".join([str(NO_PROCESS), *lines[1:]]) + "\n")


def outlive(pid_file: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a watcher that ends a server and deletes its folder once this process is gone.

    It waits for the end of its standard input, which comes with the death of this process, whatever the cause.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", WATCH, "sh", str(pid_file), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )


def _pid_file_lines(data_dir: Path) -> list[str]:
    try:
        return (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise EmbeddedPostgresError(f"{data_dir} belongs to another user. Choose another folder.") from error


def _serves(pid: int, data_dir: Path) -> bool:
    """Say whether a process lives and was started on this folder; a zombie has no arguments."""
    if not os.path.isdir("/proc/self"):
        listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], stdout=subprocess.PIPE, text=True)
        return f"-D {data_dir} " in listed.stdout
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data_dir) in arguments
