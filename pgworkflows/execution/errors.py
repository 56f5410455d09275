"""Recording an exception, and raising the same one again on replay."""

from __future__ import annotations

import json
import traceback
from typing import Any

import psycopg
from django.db import Error as DjangoDatabaseError

from ..definitions.encoding import decode, dump, loaded_class, path_of
from ..exceptions import NotStorable, StepFailed

LONGEST_MESSAGE, LONGEST_TRACEBACK = 8000, 8000
#: lock_not_available, deadlock_detected, serialization_failure, disk_full.
LOCK_TIMEOUT, DEADLOCK, SERIALIZATION, DISK_FULL = "55P03", "40P01", "40001", "53100"


def describe(error: BaseException, *, refused: bool = False) -> str:
    """Return the error as the JSON text that is recorded; `refused` marks a `give_up_on`: nothing happened outside."""
    try:
        arguments = json.loads(dump(list(error.args), "an exception's arguments"))
    except NotStorable:
        arguments = None
    text = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
    try:
        message = str(error)[:LONGEST_MESSAGE]
    except Exception:
        message = "(its text cannot be made)"
    recorded = {
        "type": path_of(type(error)),
        "message": _storable(message),
        "args": arguments,
        "traceback": _storable(text),
    }
    return json.dumps(recorded | ({"refused": True} if refused else {}))


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


def rebuild(recorded: str, *, step: str, attempts: int) -> Exception:
    """Make the recorded exception again: same class, same args; StepFailed where that cannot be."""
    details = json.loads(recorded)
    try:
        kind = loaded_class(details["type"], Exception)
        arguments = tuple(decode(details["args"]))
        made: Exception = kind(*arguments)
        if made.args == arguments:
            return made
    except Exception:
        pass
    return StepFailed(step, details["type"], details["message"], attempts)


def in_short(recorded: str | None) -> str:
    """Return a recorded error as one line, empty for none."""
    if recorded is None:
        return ""
    details = json.loads(recorded)
    return f"{details['type']}: {details['message']}"


#: Classes of SQLSTATE that tell of the connection, this or other transactions, resources, or a person who stepped in.
_PASSING = ("08", "25", "2D", "3B", "40", "53", "55", "57", "58")


def in_what_was_written(error: BaseException) -> BaseException | None:
    """Return the database's error where that is about the data or the SQL: it would come again, however often one tries."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, psycopg.Error):
        cause = cause.__cause__
    if cause is None or (cause.sqlstate or "").startswith(_PASSING):
        return None
    # Without a SQLSTATE it is psycopg's own: what it cannot send, or a connection that is gone.
    written = psycopg.DataError | psycopg.IntegrityError | psycopg.ProgrammingError
    return cause if cause.sqlstate or isinstance(cause, written) else None


def gives_way_to(error: BaseException) -> bool:
    """Whether the error is about what other transactions hold: a lock, a deadlock, a serialization failure."""
    cause = error if sqlstate(error) else error.__cause__
    return cause is not None and sqlstate(cause) in (LOCK_TIMEOUT, DEADLOCK, SERIALIZATION)


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a database error, Django's or psycopg's."""
    cause: Any = error.__cause__ if isinstance(error, DjangoDatabaseError) else error
    return getattr(cause, "sqlstate", None)
