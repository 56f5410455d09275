"""The steps that do what `misdeeds.py` lists: each writes in one way, and then does one thing more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

from django.db import connection, transaction

from pgworkflows import current_step, step

from . import ledger
from .failures import Broken
from .misdeeds import MISDEEDS, Misdeed
from .models import Row

#: What hangs does so for longer than any limit here, in seconds.
FOR_EVER = 600.0
INSERT = "INSERT INTO proofs_row (number, label, kind) VALUES (%s, %s, 'do')"
SCRIPT = """
-- don't COMMIT; here's why: "it's not ours"
INSERT INTO proofs_row (number, label, kind) VALUES (%s, %s, 'do'); /* ROLLBACK; /* nested */ ; COMMIT */
SELECT $x$; COMMIT; -- '$x$, E'\\'; ROLLBACK; --';
"""
#: None that would fail the later steps of its own workflow, which may still meet it.
SETTINGS = ("TIME ZONE 'Asia/Tokyo'", "lock_timeout TO '1ms'", "DateStyle TO 'German'", "standard_conforming_strings TO off")


def send(sql: str, *parameters: int | str) -> None:
    """Run a statement, or several."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def write_row(number: int, label: str) -> None:
    """Write as most steps do."""
    Row.objects.create(number=number, label=label, kind="do")


def write_by_raw_cursor(number: int, label: str) -> None:
    """Write past Django."""
    with connection.connection.cursor() as cursor:
        cursor.execute(INSERT, [number, label])


def copy(number: int, label: str) -> None:
    """Write by COPY."""
    with connection.connection.cursor() as cursor, cursor.copy("COPY proofs_row (number, label, kind) FROM STDIN") as writing:
        writing.write_row((number, label, "do"))


def call(number: int, label: str) -> None:
    """Write to the outside."""
    info = current_step()
    ledger.append(number, label, "do", info.idempotency_key, info.attempt)


WRITES: dict[str, Callable[[int, str], None]] = {
    "row": write_row,
    "raw-cursor": write_by_raw_cursor,
    "copy": copy,
    "script": lambda number, label: send(SCRIPT, number, label),
    "script and COMMIT": lambda number, label: send(f"{SCRIPT}; -- don't\nCOMMIT", number, label),
    "call": call,
}


def fail(what: object = "hook") -> NoReturn:
    """Raise."""
    raise Broken(what)


def hang(*_: object) -> None:
    """Never return."""
    threading.Event().wait(FOR_EVER)


THEN: dict[str, Callable[[int, str], Any]] = {
    "": lambda number, label: None,
    "fail": lambda number, label: fail(label),
    "hang": hang,
    "set": lambda number, label: send(f"SET {SETTINGS[number % len(SETTINGS)]}"),
    "set actor": lambda number, label: send("SELECT set_config('pgworkflows.actor', 'mallory', false)"),
    "leave a hook that raises": lambda number, label: transaction.on_commit(fail),
    "leave a hook that hangs": lambda number, label: transaction.on_commit(hang),
    "end connection": lambda number, label: send("SELECT pg_terminate_backend(pg_backend_pid())"),
}


def _step(how: str, misdeed: Misdeed) -> Any:
    write, go_on = WRITES[misdeed.writes], THEN[misdeed.then]

    def misdo(number: int, label: str) -> None:
        write(number, label)
        go_on(number, label)

    return step(name=f"proofs.{how}", atomic=not misdeed.call, timeout=misdeed.limit)(misdo)


MISDOING = {how: _step(how, misdeed) for how, misdeed in MISDEEDS.items()}
