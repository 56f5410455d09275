"""What a worker asks of the queues between batches: what is due next, whether another is idle, what to try first."""

from __future__ import annotations

import uuid
from datetime import datetime

from . import claims
from .claims import Known
from .connection import query
from .transactions import own_transaction

#: The advisory lock that senders try shared; see sql/connection.sql, wake().
IDLE_LOCK = 1885828966


def try_idle_lock() -> bool:
    """Say to senders that a worker is about to sleep; false while a sender's transaction or another idle worker has it."""
    return bool(query("SELECT pg_try_advisory_lock(%(kind)s, 0)", {"kind": IDLE_LOCK})[0][0])


def release_idle_lock() -> None:
    """Take back what `try_idle_lock` said."""
    query("SELECT pg_advisory_unlock(%(kind)s, 0)", {"kind": IDLE_LOCK})


SOMEONE_IDLE = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %(kind)s AND objid = 0
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'ExclusiveLock' AND granted)
"""


def someone_is_idle() -> bool:
    """Whether another idle worker holds the lock, so that senders notify all the same."""
    return bool(query(SOMEONE_IDLE, {"kind": IDLE_LOCK})[0][0])


def seconds_to_next(known: Known) -> float | None:
    """Return in how many seconds the next workflow is due; None for none."""
    return claims.seconds_to_next(query, known)


def seconds_to_next_suspect(known: Known, *, left: float = 0.0) -> float | None:
    """Return in how many seconds the next suspect is due; None where there is none, due, waiting or in hand.

    One that is to be tried by itself is left alone for `left` seconds more.
    """
    return claims.seconds_to_next_suspect(query, known, left)


def still_owned(calls: set[claims.CallKey], owner: int) -> set[claims.CallKey]:
    """Return for which of the calls this worker still answers."""
    return claims.still_owned(query, calls, owner)


# The calls of these claims were never made: their COMMIT went through, but its answer was lost.
RELEASE_UNACCOUNTED = """
UPDATE pgworkflows_workflow w
SET owner_id = NULL, epoch = w.epoch + 1, available_at = pgworkflows.now(), wake_at = NULL, waiting_for = '[]',
    status = CASE w.status WHEN 'RUNNING' THEN 'PENDING' ELSE w.status END
WHERE w.owner_id = %(owner)s
  AND (w.id, w.epoch) NOT IN (SELECT c.id, c.epoch FROM unnest(%(ids)s::uuid[], %(epochs)s::integer[]) AS c(id, epoch))
"""


def release_unaccounted(owner: int, in_hand: set[claims.CallKey], *, by: str) -> None:
    """Give up, with the next epoch, the claims of a worker that it has neither a call nor a result for."""
    with own_transaction(owner):
        query("SELECT pgworkflows.act_as(%(by)s, 'worker', 'the answer to a COMMIT was lost')", {"by": by})
        query(RELEASE_UNACCOUNTED, claims.call_columns(in_hand) | {"owner": owner})


def choose_one(
    known: Known, worker: int, *, suspects: bool = False, ids: list[uuid.UUID] | None = None
) -> tuple[uuid.UUID, datetime] | None:
    """Commit that one workflow, of the queue or of the suspects (all, or those given), is about to be tried; None for none.

    Until the time that is returned with it, no other worker takes it.
    """
    with own_transaction(worker):
        claim = claims.claim_suspects(query, known, claims.APART, 1, ids) if suspects else claims.claim(query, known, 1)
        if not claim.workflows:
            return None
        workflow, held = query(claims.COUNT_CRASH, {"id": claim.workflows[0].id})[0]
        return workflow, held


def uncount(workflow: uuid.UUID) -> None:
    """Take back that a workflow was about to be tried: another worker was faster."""
    query(claims.UNCOUNT, {"id": workflow})
