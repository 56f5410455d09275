"""Worker rows: signs of life, and taking over from the dead."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from .actors import Actor, recorded_as
from .claims import KNOWN, SUSPECTS, Known
from .connection import query

#: The first half of the advisory lock that a living worker holds on a direct connection; its id is the second.
LIVENESS_LOCK = 1885828967

# Tried only: any login can take this lock first, and an old session of the worker may linger on the server. While another
# session has it, only the lease speaks for this worker.
LOCK = "SELECT pg_try_advisory_lock(%(kind)s, %(worker)s)"

REGISTER = """
INSERT INTO pgworkflows_worker (name, queues, definitions, direct, lease, started_at, connected_at, beat_at)
VALUES (%(name)s, %(queues)s::jsonb, %(definitions)s::jsonb, %(direct)s, %(lease)s,
        pgworkflows.now(), pgworkflows.now(), pgworkflows.now())
RETURNING id
"""


def register(name: str, *, queues: list[str], definitions: dict[str, str], direct: bool, lease: float) -> int:
    """Insert the row of a worker that begins, and on a direct connection take its lock; return its id."""
    parameters = {
        "name": name,
        "queues": json.dumps(queues),
        "definitions": json.dumps(definitions),
        "direct": direct,
        "lease": timedelta(seconds=lease),
    }
    worker = int(query(REGISTER, parameters)[0][0])
    if direct:
        query(LOCK, {"kind": LIVENESS_LOCK, "worker": worker})
    return worker


RECONNECT = """
UPDATE pgworkflows_worker SET connected_at = pgworkflows.now(), beat_at = pgworkflows.now(), direct = %(direct)s
WHERE id = %(worker)s AND stopped_at IS NULL RETURNING id
"""


def reconnect(worker: int, *, direct: bool) -> bool:
    """Renew a worker's row and lock on a new connection; return false when it has been declared dead."""
    if not query(RECONNECT, {"worker": worker, "direct": direct}):
        return False
    if direct:
        query(LOCK, {"kind": LIVENESS_LOCK, "worker": worker})
    return True


def named(name: str) -> list[int]:
    """Find the workers of that name that have not ended."""
    return [
        row[0] for row in query("SELECT id FROM pgworkflows_worker WHERE name = %(name)s AND stopped_at IS NULL", {"name": name})
    ]


# No row means that others took this worker for dead and took over its claims. To one that claims no more nothing is left.
BEAT = """
UPDATE pgworkflows_worker
SET beat_at = pgworkflows.now(), definitions = CASE WHEN %(leaving)s THEN '{}' ELSE definitions END
WHERE id = %(worker)s AND stopped_at IS NULL RETURNING id
"""


def beat(worker: int, *, leaving: bool = False) -> bool:
    """Give a sign of life; return false when this worker has been declared dead."""
    return bool(query(BEAT, {"worker": worker, "leaving": leaving}))


STOP = "UPDATE pgworkflows_worker SET stopped_at = pgworkflows.now() WHERE id = %(worker)s AND stopped_at IS NULL"


def stop(worker: int) -> None:
    """Say that a worker has ended."""
    query(STOP, {"worker": worker})


# A lock that is free tells of a dead session only if no restart of the server freed it. One declared dead that was only
# stopped may have claimed something under its old name before it noticed.
DEAD = """
SELECT w.id FROM pgworkflows_worker w
WHERE w.stopped_at IS NULL AND w.id <> %(worker)s
  AND (w.beat_at < pgworkflows.now() - w.lease
    OR (%(locks_count)s AND w.direct AND w.beat_at < pgworkflows.now() - %(missed)s
        AND w.connected_at > pg_postmaster_start_time() AND pg_try_advisory_xact_lock(%(kind)s, w.id::integer)))
UNION ALL
SELECT w.id FROM pgworkflows_worker w
WHERE w.stopped_at IS NOT NULL AND EXISTS (SELECT FROM pgworkflows_workflow c WHERE c.owner_id = w.id)
ORDER BY id
"""


def find_dead(worker: int, *, heartbeat: float, locks_count: bool) -> list[int]:
    """Find workers whose lease is over, that missed two beats and hold their lock no longer, or that ended and own something."""
    parameters = {
        "worker": worker,
        "locks_count": locks_count,
        "missed": timedelta(seconds=2 * heartbeat),
        "kind": LIVENESS_LOCK,
    }
    return [row[0] for row in query(DEAD, parameters)]


# The next epoch: whatever the dead worker still writes is refused. Its claims are suspects now, tried together at first;
# that it died with one that was tried by itself was counted beforehand.
TAKE_OVER = """
WITH dead AS (
  UPDATE pgworkflows_worker SET stopped_at = pgworkflows.now() WHERE id = %(dead)s AND stopped_at IS NULL RETURNING id
)
UPDATE pgworkflows_workflow w
SET owner_id = NULL, epoch = w.epoch + 1, available_at = pgworkflows.now(), wake_at = NULL, waiting_for = '[]',
    crashes = CASE WHEN %(died)s THEN GREATEST(w.crashes, LEAST(w.crashes + 1, 2)) ELSE w.crashes END,
    status = CASE w.status WHEN 'RUNNING' THEN 'PENDING' ELSE w.status END
WHERE w.owner_id = %(dead)s
RETURNING w.id
"""


def take_over(dead: int, *, by: str, died: bool = True) -> list[Any]:
    """Declare a worker dead, or at its end, and make its claims runnable; return the workflows' ids."""
    with recorded_as(Actor(name=by, channel="worker"), f"worker {dead} is gone"):
        return [row[0] for row in query(TAKE_OVER, {"dead": dead, "died": died})]


# Whoever still lives gives a sign of life within one beat; the claims of the others wait for a takeover. Suspects are on
# their way to be tried apart, and may have more to do then.
SILENT = f"""
SELECT EXISTS (
  SELECT FROM pgworkflows_worker o JOIN pgworkflows_workflow w ON w.owner_id = o.id
  JOIN {KNOWN} ON k.name = w.name AND k.version = w.version
  WHERE o.id <> %(worker)s AND o.beat_at <= %(since)s
    AND (%(queues)s::text[] IS NULL OR w.queue = ANY (%(queues)s::text[])))
  OR EXISTS (SELECT FROM {SUSPECTS})
"""


def silent_owner(worker: int, known: Known, since: datetime) -> bool:
    """Whether another worker has claims that this one knows and was silent since then, or suspects are left."""
    return bool(query(SILENT, known.parameters() | {"worker": worker, "since": since})[0][0])


FORGET = """
DELETE FROM pgworkflows_worker w
WHERE w.stopped_at < pgworkflows.now() - interval '1 day'
  AND NOT EXISTS (SELECT FROM pgworkflows_workflow c WHERE c.owner_id = w.id)
"""


def forget_old() -> None:
    """Delete the rows of workers that ended more than a day ago."""
    query(FORGET)
