"""Recording an exception, and raising the same one again on replay."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from django.db import Error as DjangoDatabaseError

from ..exceptions import NotStorable, StepFailed
from ..values.encoding import decode, dump, loaded_class, path_of
from .fingerprint import ENGINE, fingerprint

LONGEST_MESSAGE, LONGEST_TRACEBACK, MOST_CAUSES = 8000, 8000, 5
#: lock_not_available, deadlock_detected, serialization_failure, disk_full.
LOCK_TIMEOUT, DEADLOCK, SERIALIZATION, DISK_FULL = "55P03", "40P01", "40001", "53100"


def describe(error: BaseException, *, step: str | None = None, refused: bool = False) -> str:
    """Return the error as the JSON text that is recorded; `refused` marks a `give_up_on`: nothing happened outside.

    What an attempt of a `step` failed with has a fingerprint.
    """
    told = _told(error) | {"traceback": _storable(_traceback(error)[-LONGEST_TRACEBACK:])}
    if step is not None:
        told["fingerprint"] = fingerprint(error, step, told["message"])
    return json.dumps(told | ({"refused": True} if refused else {}))


def describe_end(error: BaseException, failures: Iterable[str]) -> str:
    """Return the error that a run ends with as it is recorded, under the fingerprint of the task that failed with it, if one did.

    `failures` are the recorded errors of its tasks.
    """
    recorded = json.loads(describe(error, step=""))
    same = (error.type, error.message) if isinstance(error, StepFailed) else (recorded["type"], recorded["message"])
    for told in map(json.loads, failures):
        if (told["type"], told["message"]) == same and "fingerprint" in told:
            recorded["fingerprint"] = told["fingerprint"]
    return json.dumps(recorded)


def _traceback(error: BaseException) -> str:
    """Return the traceback without the engine's frames, where others are left."""
    told = traceback.TracebackException.from_exception(error)
    for part in _chained(told):
        users = [frame for frame in part.stack if not frame.filename.startswith(ENGINE)]
        part.stack = traceback.StackSummary.from_list(users) if users else part.stack
    return "".join(told.format())


def _chained(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield told
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            yield from _chained(other)


def _told(error: BaseException, causes: int = MOST_CAUSES) -> dict[str, Any]:
    """Return what is recorded of an error and of what it was raised from; `args` is None where it cannot be made again."""
    told: dict[str, Any] = {"type": path_of(type(error)), "message": _message(error)}
    try:
        told |= _carried(error)
    except Exception:
        told["args"] = None
    if error.__cause__ is not None and causes:
        told["cause"] = _told(error.__cause__, causes - 1)
    return told


def _message(error: BaseException) -> str:
    try:
        return _storable(str(error)[:LONGEST_MESSAGE])
    except Exception:
        return "(its text cannot be made)"


def _carried(error: BaseException) -> dict[str, Any]:
    """Return what an error carries, notes included, as pickle would take it; raise where that is not all, or not JSON."""
    reduced: Any = error.__reduce_ex__(4)
    kind, made_from, *state = reduced
    if kind is not type(error) or len(state) > 1 or any(vars(part).get("__slots__") for part in kind.__mro__):
        raise NotStorable("an exception", "it is not made of its class, arguments and attributes alone.")
    fields = state[0] if state else None
    carried = json.loads(dump([list(error.args), list(made_from), fields or {}], "what an exception carries"))
    return (
        {"args": carried[0]}
        | ({"made_from": carried[1]} if carried[1] != carried[0] else {})
        | ({"fields": carried[2]} if fields else {})
    )


def _storable(text: str) -> str:
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


def rebuild(recorded: str, *, step: str, attempts: int) -> Exception:
    """Make the recorded exception again: same class, arguments, attributes and cause; StepFailed where that cannot be."""
    return _rebuilt(json.loads(recorded), step, attempts)


def _rebuilt(told: dict[str, Any], step: str, attempts: int) -> Exception:
    try:
        made = _made(told)
    except Exception:
        made = StepFailed(step, told["type"], told["message"], attempts)
    if "cause" in told:
        made.__cause__ = _rebuilt(told["cause"], step, attempts)
    return made


def _made(told: dict[str, Any]) -> Exception:
    """Make an exception of what is recorded; raise where it is not the same in all that it carries and says."""
    kind = loaded_class(told["type"], Exception)
    made: Exception = kind(*decode(told.get("made_from", told["args"])))
    if "fields" in told:
        made.__setstate__(decode(told["fields"]))
    carried: dict[str, Any] = {key: told[key] for key in ("args", "made_from", "fields") if key in told}
    if _carried(made) != carried or (_message(made) != told["message"] and not _may_say_it_otherwise(carried)):
        raise ValueError(f"{told['type']} cannot be made again")
    return made


def _may_say_it_otherwise(carried: dict[str, Any]) -> bool:
    """Whether there is a row in it, which is a reference now, or another mapping, which comes back in the order of its keys."""
    parts = [carried["args"], carried.get("made_from"), *carried.get("fields", {}).values()]
    return "{" in json.dumps(parts)


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


def is_lock_conflict(error: BaseException) -> bool:
    """Whether the error is about what other transactions hold: a lock, a deadlock, a serialization failure."""
    cause = error if sqlstate(error) else error.__cause__
    return cause is not None and sqlstate(cause) in (LOCK_TIMEOUT, DEADLOCK, SERIALIZATION)


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a database error, Django's or psycopg's."""
    cause: Any = error.__cause__ if isinstance(error, DjangoDatabaseError) else error
    return getattr(cause, "sqlstate", None)
