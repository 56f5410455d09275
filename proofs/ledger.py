"""The outside world: a file that every call appends one line to, outside the database and its transactions.

A line of less than a page, written by one write() with O_APPEND, is whole or not there, whoever is killed. Nothing here
kills the machine, so that the kernel's word is enough.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PATH = "PROOFS_LEDGER"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, as the other side saw it."""

    number: int
    label: str
    kind: str
    key: str
    attempt: int
    pid: int
    #: The caller's clock, in seconds since 1970.
    clock: float
    compensates: str | None = None


def append(number: int, label: str, kind: str, key: str, attempt: int, compensates: str | None = None) -> None:
    """Write one call down."""
    line = json.dumps([number, label, kind, key, attempt, os.getpid(), time.time(), compensates]) + "\n"
    descriptor = os.open(os.environ[PATH], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Entry]:
    """Read what is written so far."""
    if not path.exists():
        return []
    return [Entry(*json.loads(line)) for line in path.read_text().splitlines()]


def by_call(entries: list[Entry]) -> dict[tuple[int, str, str], list[Entry]]:
    """Group the entries by the call that they are attempts of."""
    grouped: dict[tuple[int, str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        grouped[entry.number, entry.label, entry.kind].append(entry)
    return grouped
