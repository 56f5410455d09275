"""How the whole stands, in figures that a monitoring system can watch. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..models import Task
from .claims import DUE
from .connection import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state at one moment; ages are seconds, null where there is nothing of the kind."""

    #: How long the oldest workflow has been ready without a worker taking it.
    oldest_runnable: float | None
    #: How long the oldest open wait has been open: for a time, an event, a decision or a child.
    oldest_wait: float | None
    #: Approvals that wait for a decision past their due date.
    overdue_approvals: int
    #: Open approvals that none of those concerned can move: too few are left to decide, or it was sent back to nobody.
    stuck_approvals: int
    #: Workers whose lease has not passed.
    workers_alive: int
    #: Workflows that a worker claims which has ended, or whose lease has passed.
    claims_without_owner: int
    #: Workflows that are stopped until a person has looked.
    blocked: int
    #: Workflows that ended FAILED or COMPENSATED and are not pruned.
    ended_badly: int
    #: Events that no wait took when they came, nor any since.
    events_not_taken: int
    #: Outside steps that wait for an executor which cannot be used, and what the executor of one of them says.
    executors_awaited: int
    executor_trouble: str
    #: Lanes, each a definition, queue and priority, in which something is due.
    lanes_due: int
    #: Schedules that have been due for a minute and more, and no worker has seen to.
    schedules_late: int
    #: Unfinished workflows that no live worker takes, by name, version and queue, with their number.
    unknown_definitions: list[dict[str, Any]]


# By the two indexes that hold what a worker may claim, and what was tried in vain.
OLDEST_RUNNABLE = f"""
SELECT extract(epoch FROM pgworkflows.now() - LEAST(
  (SELECT min(w.available_at) FROM pgworkflows_workflow w WHERE {DUE} AND w.crashes = 0),
  (SELECT min(w.available_at) FROM pgworkflows_workflow w WHERE {DUE} AND w.crashes > 0)))::float
"""

OLDEST_WAIT = f"""
SELECT extract(epoch FROM pgworkflows.now() - min(w.started_at))::float
FROM unnest(ARRAY{Task.Kind.values}) AS k(kind) CROSS JOIN LATERAL (
  SELECT t.started_at FROM pgworkflows_task t
  WHERE t.kind = k.kind AND t.status = 'WAITING' AND t.started_at IS NOT NULL ORDER BY t.started_at LIMIT 1) w
"""

OVERDUE = "SELECT count(*) FROM pgworkflows_approval WHERE status = 'PENDING' AND due_at < pgworkflows.now()"

STUCK = "SELECT count(*) FROM pgworkflows.stuck_approvals()"

ALIVE = "SELECT count(*) FROM pgworkflows_worker WHERE stopped_at IS NULL AND beat_at > pgworkflows.now() - lease"

CLAIMS_WITHOUT_OWNER = """
SELECT count(*) FROM pgworkflows_workflow w JOIN pgworkflows_worker o ON o.id = w.owner_id
WHERE o.stopped_at IS NOT NULL OR o.beat_at < pgworkflows.now() - o.lease
"""

BLOCKED = "SELECT count(*) FROM pgworkflows_workflow WHERE finished_at IS NULL AND status = 'BLOCKED'"

ENDED_BADLY = "SELECT count(*) FROM pgworkflows_workflow WHERE status IN ('FAILED', 'COMPENSATED')"

EVENTS_NOT_TAKEN = """
SELECT count(*) FROM pgworkflows_event
WHERE task_id IS NULL AND (delivered_at IS NOT NULL OR parked) AND name NOT LIKE '$%'
"""

WITHOUT_EXECUTOR = """
SELECT count(*), COALESCE(min(t.error ->> 'message'), '') FROM pgworkflows_task t
JOIN pgworkflows_workflow w ON w.id = t.workflow_id AND w.finished_at IS NULL
WHERE t.status IN ('PENDING', 'RUNNING', 'WAITING') AND t.status = 'PENDING'
  AND t.error ->> 'type' = 'pgworkflows.executors:ExecutorUnavailable'
"""

LANES_DUE = """
SELECT count(DISTINCT (l.name, l.version, l.queue, l.priority))
FROM (SELECT array_agg(d.name) AS names, array_agg(d.version) AS versions, array_agg(d.fingerprint) AS fingerprints
      FROM pgworkflows_workflowdefinition d) k
CROSS JOIN LATERAL pgworkflows.lanes(k.names, k.versions, k.fingerprints, NULL) l
WHERE l.available_at <= pgworkflows.now()
"""

SCHEDULES_LATE = """
SELECT count(*) FROM pgworkflows_schedule WHERE paused_at IS NULL AND due_at < pgworkflows.now() - interval '1 minute'
"""

UNKNOWN = """
SELECT w.name, w.version, w.queue, w.unfinished
FROM (SELECT name, version, queue, count(*) AS unfinished FROM pgworkflows_workflow
      WHERE finished_at IS NULL GROUP BY name, version, queue) w
WHERE NOT EXISTS (
  SELECT FROM pgworkflows_worker o
  WHERE o.stopped_at IS NULL AND o.beat_at > pgworkflows.now() - o.lease
    AND o.definitions ? (w.name || ':' || w.version) AND (o.queues = '[]' OR o.queues ? w.queue))
ORDER BY w.name, w.version, w.queue
"""


def measure() -> Health:
    """Read how it stands, with one query a figure."""
    awaited, trouble = query(WITHOUT_EXECUTOR)[0]
    return Health(
        oldest_runnable=_one(OLDEST_RUNNABLE),
        oldest_wait=_one(OLDEST_WAIT),
        overdue_approvals=_one(OVERDUE),
        stuck_approvals=_one(STUCK),
        workers_alive=_one(ALIVE),
        claims_without_owner=_one(CLAIMS_WITHOUT_OWNER),
        blocked=_one(BLOCKED),
        ended_badly=_one(ENDED_BADLY),
        events_not_taken=_one(EVENTS_NOT_TAKEN),
        executors_awaited=awaited,
        executor_trouble=trouble,
        lanes_due=_one(LANES_DUE),
        schedules_late=_one(SCHEDULES_LATE),
        unknown_definitions=[dict(zip(("name", "version", "queue", "unfinished"), row, strict=True)) for row in query(UNKNOWN)],
    )


def _one(sql: str) -> Any:
    return query(sql)[0][0]


def require_tables() -> None:
    """Raise a DatabaseError unless the database answers and the tables and functions are there."""
    query("SELECT pgworkflows.now(), 'pgworkflows_workflow'::regclass")


# From one to the next by the index: there are few of them in many rows.
SUBJECT_LABELS = """
WITH RECURSIVE found(label) AS (
  SELECT min(subject_label) FROM pgworkflows_workflow WHERE subject_label <> ''
  UNION ALL
  SELECT (SELECT min(w.subject_label) FROM pgworkflows_workflow w WHERE w.subject_label <> '' AND w.subject_label > f.label)
  FROM found f WHERE f.label IS NOT NULL
)
SELECT label FROM found WHERE label IS NOT NULL
"""


def subject_labels() -> set[str]:
    """Return the labels of the models whose rows workflows have been about."""
    return {row[0] for row in query(SUBJECT_LABELS)}
