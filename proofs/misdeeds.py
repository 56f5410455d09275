"""What steps do that no step should, or that few do: each must cost its own workflow at most.

Plain data first, which the generator and the model read; `declare` makes the steps, in a process that has Django.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: The step's own limit where it has one, in seconds; what hangs does so for longer than any limit here.
LIMIT, FOR_EVER = 0.3, 600.0
BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misdeed:
    """How often it is chosen, what its workflow ends with (nothing: it goes on), and what else there is to it."""

    weight: float
    error: str = ""
    #: Whether it is a call to the outside.
    call: bool = False
    #: Whether another process must take the place of the one that does it.
    costs_process: bool = False


MISDEEDS = {
    "raw-cursor": Misdeed(weight=4),
    "raw-cursor-fails": Misdeed(weight=4, error="Broken"),
    "copy": Misdeed(weight=4),
    "copy-fails": Misdeed(weight=4, error="Broken"),
    "script": Misdeed(weight=4),
    "script-commits": Misdeed(weight=4, error="NotAllowed"),
    "set": Misdeed(weight=4),
    "set-actor": Misdeed(weight=4),
    "hook-raises": Misdeed(weight=4),
    "hook-hangs": Misdeed(weight=0.15, costs_process=True),
    "overruns": Misdeed(weight=0.15, error="WaitTimeout", costs_process=True),
    "connection-ends": Misdeed(weight=0.5, error=BLOCKED),
    "hangs": Misdeed(weight=0.1, error=BLOCKED, costs_process=True),
    "call-overruns": Misdeed(weight=0.15, error="WaitTimeout", call=True, costs_process=True),
    "call-ends-connection": Misdeed(weight=2, error="OperationalError", call=True),
}

INSERT = "INSERT INTO proofs_row (number, label, kind) VALUES (%s, %s, 'do')"
SCRIPT = """
-- don't COMMIT; here's why: "it's not ours"
INSERT INTO proofs_row (number, label, kind) VALUES (%s, %s, 'do'); /* ROLLBACK; /* nested */ ; COMMIT */
SELECT $x$; COMMIT; -- '$x$, E'\\'; ROLLBACK; --';
"""
#: None that would fail the later steps of its own workflow, which may still meet it.
SETTINGS = ("TIME ZONE 'Asia/Tokyo'", "lock_timeout TO '1ms'", "DateStyle TO 'German'", "standard_conforming_strings TO off")


def declare(broken: type[Exception], tell: Callable[[int, str, str, int], None]) -> dict[str, Any]:
    """Return the steps by misdeed."""
    from django.db import connection, transaction

    from pgworkflows import step

    from .models import Row

    def write(number: int, label: str) -> None:
        Row.objects.create(number=number, label=label, kind="do")

    def by_raw_cursor(number: int, label: str) -> None:
        with connection.connection.cursor() as cursor:
            cursor.execute(INSERT, [number, label])

    def by_copy(number: int, label: str) -> None:
        with (
            connection.connection.cursor() as cursor,
            cursor.copy("COPY proofs_row (number, label, kind) FROM STDIN") as copy,
        ):
            copy.write_row((number, label, "do"))

    def run_script(sql: str) -> Callable[[int, str], None]:
        def run(number: int, label: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql, [number, label])

        return run

    def failing(write: Callable[[int, str], None]) -> Callable[[int, str], None]:
        def fail(number: int, label: str) -> None:
            write(number, label)
            raise broken(label)

        return fail

    def set_something(number: int, label: str) -> None:
        write(number, label)
        with connection.cursor() as cursor:
            cursor.execute(f"SET {SETTINGS[number % len(SETTINGS)]}")

    def set_actor(number: int, label: str) -> None:
        write(number, label)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pgworkflows.actor', 'mallory', false)")

    def hooked(hook: Callable[[], object]) -> Callable[[int, str], None]:
        def leave_hook(number: int, label: str) -> None:
            write(number, label)
            transaction.on_commit(hook)

        return leave_hook

    def raise_in_hook() -> None:
        raise broken("hook")

    def hang() -> None:
        threading.Event().wait(FOR_EVER)

    def hang_after_writing(number: int, label: str) -> None:
        write(number, label)
        hang()

    def end_connection(number: int, label: str) -> None:
        write(number, label)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def call_and_hang(number: int, label: str) -> None:
        tell(number, label, "do", 0)
        hang()

    def call_and_end_connection(number: int, label: str) -> None:
        tell(number, label, "do", 0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    functions: dict[str, tuple[Callable[[int, str], None], dict[str, Any]]] = {
        "raw-cursor": (by_raw_cursor, {}),
        "raw-cursor-fails": (failing(by_raw_cursor), {}),
        "copy": (by_copy, {}),
        "copy-fails": (failing(by_copy), {}),
        "script": (run_script(SCRIPT), {}),
        "script-commits": (run_script(f"{SCRIPT}; -- don't\nCOMMIT"), {}),
        "set": (set_something, {}),
        "set-actor": (set_actor, {}),
        "hook-raises": (hooked(raise_in_hook), {}),
        "hook-hangs": (hooked(hang), {}),
        "overruns": (hang_after_writing, {"timeout": LIMIT}),
        "connection-ends": (end_connection, {}),
        "hangs": (hang_after_writing, {}),
        "call-overruns": (call_and_hang, {"timeout": LIMIT}),
        "call-ends-connection": (call_and_end_connection, {}),
    }
    return {
        how: step(name=f"proofs.{how}", atomic=not MISDEEDS[how].call, **options)(function)
        for how, (function, options) in functions.items()
    }
