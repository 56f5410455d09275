"""What people do to a workflow: cancel, retry, compensate."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from ..conf import conf
from ..exceptions import WorkflowFinished, WorkflowNotFound
from ..values.texts import prose
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


RESUME = "SELECT pgworkflows.resume(%(workflow)s, %(status)s)"

UNDOING = """
SELECT from_status = 'COMPENSATING' FROM pgworkflows_history
WHERE workflow = %(workflow)s AND task IS NULL AND approval IS NULL
  AND to_status IN ('FAILED', 'BLOCKED') AND from_status <> to_status
ORDER BY id DESC LIMIT 1
"""


TRY_NOW = "SELECT pgworkflows.try_now(%(workflow)s)"


def retry(workflow: uuid.UUID, reason: str = "", *, by: Any) -> None:
    """Let a FAILED or BLOCKED workflow go on where it stopped, compensation included, and one that backs off try now."""
    refuse_foreign_transaction("retry()")
    with transaction.atomic(using=conf().DATABASE):
        with recorded_as(current_actor(by), prose(reason, "retry(): the reason")):
            if query(TRY_NOW, {"workflow": workflow})[0][0]:
                query("SELECT pgworkflows.wake()")
                return
        _lock(workflow, "retry")
        undoing = query(UNDOING, {"workflow": workflow})[0][0]
        with recorded_as(current_actor(by), prose(reason, "retry(): the reason")):
            query("SELECT pgworkflows.reopen_last_failure(%(workflow)s)", {"workflow": workflow})
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
