"""History on its way out: a file of JSON Lines that holds each removed row once."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...exceptions import NotAllowed
from ..connection import query
from .guards import amending, leave_word

# Its own rows name no workflow, and so the index finds them.
WRITTEN = """
SELECT (data ->> 'bytes')::bigint FROM pgworkflows_history
WHERE workflow IS NULL AND event = 'prune' AND data ->> 'file' = %(file)s ORDER BY id DESC LIMIT 1
"""

LINES = "SELECT row_to_json(h)::text FROM pgworkflows_history h WHERE h.workflow = ANY (%(ids)s) ORDER BY h.id"

REMOVE = "DELETE FROM pgworkflows_history WHERE workflow = ANY (%(ids)s)"


@dataclass(slots=True)
class Archive:
    """An open export: `size` is how many bytes of it are history that is gone from the database, or goes now."""

    path: Path
    file: BinaryIO
    size: int

    def take_history(self, workflows: list[uuid.UUID]) -> int:
        """Write the history of these workflows to the disk, and remove it; only while amending. Return how many rows."""
        lines = [line for (line,) in query(LINES, {"ids": workflows})]
        self.size += self.file.write("".join(f"{line}\n" for line in lines).encode())
        self.file.flush()
        os.fsync(self.file.fileno())
        query(REMOVE, {"ids": workflows})
        return len(lines)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Create the file, or go on with one that an earlier export wrote; raise NotAllowed for any other.

    What a killed export wrote there and did not commit is cut off: its rows are still in the database.
    """
    path = path.absolute()
    rows = query(WRITTEN, {"file": str(path)})
    if path.exists():
        size = _check(path, rows[0][0] if rows else None)
    else:
        size = 0
        with amending("Pruning"):
            leave_word("prune", note="export begun", data={"workflows": 0, "file": str(path), "bytes": 0})
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowed(f"{path} is being written by another export.") from None
        file.truncate(size)
        file.seek(size)
        yield Archive(path, file, size)


def _check(path: Path, written: int | None) -> int:
    """Return how much of an existing file is committed history; raise NotAllowed if it is not that file."""
    with path.open("rb") as file:
        file.seek(max(0, (written or 0) - 1))
        last = file.read(1)
    if written is None or (written and last != b"\n"):
        raise NotAllowed(f"{path} exists, and is not what an export from this database wrote. Name another file.")
    return written
