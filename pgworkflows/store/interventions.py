"""What people do to a workflow: cancel, retry, compensate."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from ..conf import conf
from ..definitions.texts import prose
from ..exceptions import WorkflowFinished, WorkflowNotFound
from .actors import current_actor, recorded_as
from .connection import query, refuse_foreign_transaction

# Only in a worker's transaction is the channel 'worker': a cancel from a step is left for the next batch.
CANCEL = """
SELECT pgworkflows.request_cancel(
  %(workflow)s, %(reason)s, %(compensate)s, %(actor)s, %(channel)s, pgworkflows.setting('channel') = 'worker')
"""


def cancel(workflow: uuid.UUID, reason: str, *, compensate: bool, by: Any) -> None:
    """End a workflow, or leave the request for the worker that runs it just now; raise WorkflowFinished."""
    refuse_foreign_transaction("cancel()")
    actor = current_actor(by)
    parameters = {
        "workflow": workflow,
        "reason": prose(reason, "cancel(): the reason"),
        "compensate": compensate,
        "actor": actor.name,
        "channel": actor.channel,
    }
    outcome = query(CANCEL, parameters)[0][0]
    if outcome == "unknown":
        raise WorkflowNotFound(str(workflow))
    if outcome not in ("cancelled", "requested"):
        raise WorkflowFinished(str(workflow), outcome, "cancel")


LOCK = "SELECT status, finished_at FROM pgworkflows_workflow WHERE id = %(workflow)s FOR NO KEY UPDATE"


def _lock(workflow: uuid.UUID, verb: str) -> str:
    """Lock a FAILED or BLOCKED workflow, which no worker holds for long; raise for any other."""
    rows = query(LOCK, {"workflow": workflow})
    if not rows:
        raise WorkflowNotFound(str(workflow))
    status: str = rows[0][0]
    if status not in ("FAILED", "BLOCKED"):
        raise WorkflowFinished(str(workflow), status, verb)
    return status


# What led to the failure: the last task that failed, unless the body went on to something that is more than a note.
# The attempts start afresh; the position, and with it the idempotency key, stays.
REOPEN_LAST_FAILURE = """
WITH failed AS (
  SELECT * FROM pgworkflows_task WHERE workflow_id = %(workflow)s AND status = 'FAILED' ORDER BY seq DESC LIMIT 1
), later AS (
  SELECT t.* FROM failed f JOIN pgworkflows_task t
    ON t.workflow_id = f.workflow_id AND t.seq > f.seq AND t.started_at >= f.finished_at
), dropped AS (
  DELETE FROM pgworkflows_task t USING later l
  WHERE t.id = l.id AND NOT EXISTS (SELECT FROM later WHERE kind NOT IN ('STATE', 'VALUE'))
)
UPDATE pgworkflows_task t
SET status = CASE WHEN t.kind IN ('STEP', 'COMPENSATION') THEN 'PENDING' ELSE 'WAITING' END,
    attempt = 0, error = NULL, due_at = CASE WHEN t.due_at IS NOT NULL THEN pgworkflows.now() + (t.due_at - t.started_at) END,
    started_at = pgworkflows.now(), finished_at = NULL
FROM failed f
WHERE t.id = f.id AND NOT EXISTS (SELECT FROM later WHERE kind NOT IN ('STATE', 'VALUE'))
RETURNING t.kind
"""

RESUME = """
UPDATE pgworkflows_workflow w
SET status = %(status)s, error = CASE WHEN %(status)s = 'PENDING' THEN NULL ELSE w.error END, finished_at = NULL,
    available_at = pgworkflows.now(), crashes = 0, waiting_for = '',
    deadline = pgworkflows.now() + (w.deadline - w.created_at)
WHERE w.id = %(workflow)s
"""

UNDOING = """
SELECT from_status = 'COMPENSATING' FROM pgworkflows_history
WHERE workflow = %(workflow)s AND task IS NULL AND approval IS NULL
  AND to_status IN ('FAILED', 'BLOCKED') AND from_status <> to_status
ORDER BY id DESC LIMIT 1
"""


def retry(workflow: uuid.UUID, reason: str = "", *, by: Any) -> None:
    """Let a FAILED or BLOCKED workflow go on where it stopped, compensation included."""
    refuse_foreign_transaction("retry()")
    with transaction.atomic(using=conf().DATABASE):
        _lock(workflow, "retry")
        undoing = query(UNDOING, {"workflow": workflow})[0][0]
        with recorded_as(current_actor(by), prose(reason, "retry(): the reason")):
            query(REOPEN_LAST_FAILURE, {"workflow": workflow})
            query(RESUME, {"workflow": workflow, "status": "COMPENSATING" if undoing else "PENDING"})
        query("SELECT pgworkflows.wake()")


def compensate(workflow: uuid.UUID, reason: str, *, by: Any) -> None:
    """Undo the completed steps of a FAILED or BLOCKED workflow."""
    refuse_foreign_transaction("compensate()")
    with transaction.atomic(using=conf().DATABASE):
        _lock(workflow, "compensate")
        with recorded_as(current_actor(by), prose(reason, "compensate(): the reason")):
            query(RESUME, {"workflow": workflow, "status": "COMPENSATING"})
        query("SELECT pgworkflows.wake()")
