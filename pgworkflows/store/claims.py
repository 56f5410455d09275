"""Taking workflows to run them: the row lock is the claim."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from ..models.columns import JSONField
from ..models.workflow_row import ClaimedWorkflow, columns
from ..values.position import Position
from .connection import Row
from .records import Child, RecordedTask, WaitingEvent

Execute = Callable[..., list[Row]]

#: The columns of a claimed workflow, behind what is said of the claim as a whole.
COLUMNS = ", ".join(f"w.{field.column}" + "::text" * isinstance(field, JSONField) for field in columns(ClaimedWorkflow))
CLAIMED = f"pgworkflows.now(), pg_current_xact_id()::text, true, {COLUMNS}"


@dataclass(frozen=True, slots=True)
class Known:
    """What a worker may claim: definitions by name and version, each with its body's fingerprint, and queues (none for all)."""

    names: list[str]
    versions: list[int]
    fingerprints: list[str]
    queues: list[str] | None

    def parameters(self) -> dict[str, Any]:
        """Return the statement parameters that say it."""
        return {
            "names": self.names, "versions": self.versions, "fingerprints": self.fingerprints, "queues": self.queues,
        }  # fmt: skip

    def definitions(self) -> dict[str, str]:
        """Return the fingerprints by `name:version`, as the worker's row has them."""
        keys = zip(self.names, self.versions, self.fingerprints, strict=True)
        return {f"{name}:{version}": fingerprint for name, version, fingerprint in keys}


#: What a worker knows, as a table; and what may be claimed.
KNOWN = "unnest(%(names)s::text[], %(versions)s::integer[], %(fingerprints)s::text[]) AS k(name, version, fingerprint)"
DUE = "w.available_at <= pgworkflows.now() AND w.paused_at IS NULL AND w.gate IS NULL"

# Guarantees: no row that another holds, none that is not due, none of what this worker does not know.
CLAIM = f"""
SELECT pgworkflows.now(), pg_current_xact_id()::text,
  EXISTS (SELECT FROM pgworkflows_event WHERE delivered_at IS NULL AND NOT parked), {COLUMNS}
FROM pgworkflows.claim(%(names)s::text[], %(versions)s::integer[], %(queues)s::text[], %(most)s, %(fingerprints)s::text[]) w
"""

CLAIM_THESE = f"""
SELECT {CLAIMED}
FROM pgworkflows_workflow w
WHERE w.id = ANY (%(ids)s::uuid[]) AND {DUE}
ORDER BY w.id
FOR NO KEY UPDATE SKIP LOCKED
"""

# Guarantees: no row whose call another has been made responsible for, or that has begun another call since.
CLAIM_OWNED = f"""
SELECT {CLAIMED}
FROM unnest(%(ids)s::uuid[], %(epochs)s::integer[]) AS c(id, epoch)
JOIN pgworkflows_workflow w ON w.id = c.id AND w.epoch = c.epoch
WHERE w.owner_id = %(owner)s
ORDER BY w.id
FOR NO KEY UPDATE OF w SKIP LOCKED
"""


class CallKey(NamedTuple):
    """An outside call: an attempt at a position, in the epoch in which its worker answers for the workflow."""

    workflow: uuid.UUID
    epoch: int
    position: Position
    attempt: int

    @property
    def claim(self) -> tuple[uuid.UUID, int]:
        """What its worker answers for, whichever of its calls."""
        return self.workflow, self.epoch


@dataclass(frozen=True, slots=True)
class Claim:
    """The workflows taken, the database's time, and the transaction that holds them."""

    workflows: list[ClaimedWorkflow]
    now: datetime | None
    transaction: str
    #: Whether events may be there that are to be delivered.
    undelivered: bool = True


def claimed(rows: list[Row]) -> Claim:
    """Read what a claiming statement returned."""
    if not rows:
        return Claim([], None, "")
    now, transaction, undelivered, *_ = rows[0]
    return Claim([ClaimedWorkflow(*row) for _, _, _, *row in rows], now, transaction, undelivered)


def claim(execute: Execute, known: Known, most: int) -> Claim:
    """Lock up to `most` runnable workflows that this worker knows, highest priority first; see sql/claims.sql."""
    return claimed(execute(CLAIM, known.parameters() | {"most": most}))


def claim_these(execute: Execute, ids: Iterable[uuid.UUID]) -> Claim:
    """Lock those of the given workflows that are runnable."""
    return claimed(execute(CLAIM_THESE, {"ids": list(ids)}))


def claim_owned(execute: Execute, calls: Iterable[CallKey], owner: int) -> Claim:
    """Lock the workflows, each once, of those calls for which this worker still answers."""
    return claimed(execute(CLAIM_OWNED, call_columns(calls) | {"owner": owner}))


def call_columns(calls: Iterable[CallKey]) -> dict[str, Any]:
    """Return the statement parameters that name the claims of calls."""
    claims = {call.claim for call in calls}
    return {"ids": [workflow for workflow, _ in claims], "epochs": [epoch for _, epoch in claims]}


STILL_OWNED = """
SELECT w.id, w.epoch FROM unnest(%(ids)s::uuid[], %(epochs)s::integer[]) AS c(id, epoch)
JOIN pgworkflows_workflow w ON w.id = c.id AND w.epoch = c.epoch
WHERE w.owner_id = %(owner)s
"""


def still_owned(execute: Execute, calls: Iterable[CallKey], owner: int) -> set[CallKey]:
    """Return for which of the calls this worker still answers, without locking."""
    calls = set(calls)
    owned = {tuple(row) for row in execute(STILL_OWNED, call_columns(calls) | {"owner": owner})}
    return {call for call in calls if call.claim in owned}


#: What is kept of a task under another name, or read as text.
_KEPT_AS = {
    "any_of": "any_of::text", "child": "child_id", "compensates": "compensates_id", "payload": "payload::text",
    "result": "result::text", "error": "error::text",
}  # fmt: skip
#: What is read of a task beside its position: the record's own fields, in their order.
RECORDED = [_KEPT_AS.get(field.name, field.name) for field in fields(RecordedTask)[1:-1]]

# A separate statement after the claim, never joined to it: under READ COMMITTED the lock follows the newest version of
# a row, but a join in the same statement sees an older snapshot and would miss what was just recorded.
TASKS = f"""
SELECT workflow_id, branch, seq, {", ".join(RECORDED)}
FROM pgworkflows_task
WHERE workflow_id = ANY (%(ids)s::uuid[])
ORDER BY workflow_id, branch, seq
"""


def load_tasks(execute: Execute, ids: list[uuid.UUID]) -> dict[uuid.UUID, list[RecordedTask]]:
    """Read what is recorded of the claimed workflows, in order."""
    found: dict[uuid.UUID, list[RecordedTask]] = {}
    for workflow, branch, seq, *values in execute(TASKS, {"ids": ids}):
        task = RecordedTask(Position(branch, seq), *values)
        task.stored = True
        found.setdefault(workflow, []).append(task)
    return found


EVENTS = "SELECT workflow_id, id, name, correlation, payload::text FROM pgworkflows.waiting_events(%(ids)s::uuid[])"


def load_events(execute: Execute, ids: list[uuid.UUID]) -> dict[uuid.UUID, list[WaitingEvent]]:
    """Read the events that no wait has taken, oldest first."""
    found: dict[uuid.UUID, list[WaitingEvent]] = {}
    for workflow, *values in execute(EVENTS, {"ids": ids}):
        found.setdefault(workflow, []).append(WaitingEvent(*values))
    return found


CHILDREN = """
SELECT id, name, status, result::text, error ->> 'message', finished_at IS NOT NULL
FROM pgworkflows_workflow WHERE id = ANY (%(ids)s::uuid[])
"""


def load_children(execute: Execute, ids: list[uuid.UUID]) -> dict[uuid.UUID, Child]:
    """Read how the children stand that somebody waits for."""
    return {row[0]: Child(*row) for row in execute(CHILDREN, {"ids": ids})}


NEXT_DUE = """
SELECT extract(epoch FROM min(available_at) - pgworkflows.now())::float
FROM pgworkflows.lanes(%(names)s::text[], %(versions)s::integer[], %(fingerprints)s::text[], %(queues)s::text[])
"""


def seconds_to_next(execute: Execute, known: Known) -> float | None:
    """Return in how many seconds the next workflow is due (negative: is due already); None for none."""
    value = execute(NEXT_DUE, known.parameters())[0][0]
    return None if value is None else float(value)


#: Workflows tried in vain once, when others were in hand as well, are tried again together; the others one at a time.
TOGETHER, APART = (1, 1), (2, 32767)

#: Those that this worker may try, now or later.
SUSPECTS = f"""pgworkflows_workflow w JOIN {KNOWN} ON k.name = w.name AND k.version = w.version
WHERE w.crashes > 0 AND w.paused_at IS NULL AND w.gate IS NULL
  AND (%(queues)s::text[] IS NULL OR w.queue = ANY (%(queues)s::text[]))
  AND NOT pgworkflows.left_to_others(w.name, w.version, w.queue, w.fingerprint, k.fingerprint)"""

CLAIM_SUSPECTS = f"""
SELECT {CLAIMED}
FROM {SUSPECTS}
  AND w.crashes BETWEEN %(least)s AND %(greatest)s AND w.available_at <= pgworkflows.now()
  AND (%(ids)s::uuid[] IS NULL OR w.id = ANY (%(ids)s::uuid[]))
ORDER BY w.available_at
LIMIT %(most)s
FOR NO KEY UPDATE OF w SKIP LOCKED
"""


def claim_suspects(
    execute: Execute, known: Known, crashes: tuple[int, int], most: int, ids: list[uuid.UUID] | None = None
) -> Claim:
    """Lock up to `most` runnable workflows, all or of those given, that were tried in vain so often; longest ready first."""
    bounds = {"least": crashes[0], "greatest": crashes[1], "most": most, "ids": ids}
    return claimed(execute(CLAIM_SUSPECTS, known.parameters() | bounds))


# In how many seconds the next is due; none where there is none, not even one in hand. What is to be tried by itself is
# left for a moment to whom it lost its transaction: that needs no process of its own.
NEXT_SUSPECT = f"""
SELECT extract(epoch FROM COALESCE(min(w.available_at + CASE WHEN w.crashes > 1 THEN %(left)s ELSE 0 END * interval '1 second'),
  pgworkflows.now() + interval '1 day') - pgworkflows.now())::float
FROM {SUSPECTS}
HAVING count(*) > 0
"""


def seconds_to_next_suspect(execute: Execute, known: Known, left: float) -> float | None:
    """Return in how many seconds the next workflow that was tried in vain is due; None where there is none at all."""
    found = execute(NEXT_SUSPECT, known.parameters() | {"left": left})
    return float(found[0][0]) if found else None


# Committed before the workflow runs: if its worker dies with it, the next one sees that. It is held back meanwhile, since
# each of many fresh workers would count a death otherwise while nobody has died; and longer each time, behind the others.
COUNT_CRASH = """
UPDATE pgworkflows_workflow
SET crashes = GREATEST(crashes + 1, 2),
  available_at = pgworkflows.now() + interval '1 second' * GREATEST(0.5, 0.1 * power(2, crashes - 1))
WHERE id = %(id)s RETURNING id, available_at
"""

# What was counted and then taken by another worker, since this one was slow to come back, was no try.
UNCOUNT = """
UPDATE pgworkflows_workflow w SET crashes = w.crashes - 1
FROM (SELECT id FROM pgworkflows_workflow WHERE id = %(id)s AND crashes > 2 FOR NO KEY UPDATE SKIP LOCKED) AS tried
WHERE w.id = tried.id
"""

# Waits for the lock: who looked for runnable workflows just before this one was held back has locked it too, for as long
# as its own batch lasts, and does not run it.
CLAIM_HELD = f"""
SELECT {CLAIMED}
FROM pgworkflows_workflow w
WHERE w.id = %(id)s AND w.available_at = %(held)s AND w.paused_at IS NULL AND w.gate IS NULL
FOR NO KEY UPDATE
"""


def claim_held(execute: Execute, workflow: uuid.UUID, held: datetime) -> Claim:
    """Lock the workflow that this worker holds back for itself; raise LockNotAvailable where that does not come in time."""
    return claimed(execute(CLAIM_HELD, {"id": workflow, "held": held}))
