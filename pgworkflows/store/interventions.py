"""What people do to a workflow: cancel, retry, compensate."""

from __future__ import annotations

import uuid

from ..exceptions import WorkflowFinished, WorkflowNotFound
from ..values.people import Person
from ..values.texts import prose
from .actors import current_actor
from .connection import query, refuse_foreign_transaction

# Only in a worker's transaction is the channel 'worker': a cancel from a step is left for the next batch.
CANCEL = """
SELECT pgworkflows.request_cancel(
  %(workflow)s, %(reason)s, %(compensate)s, %(actor)s, %(channel)s, pgworkflows.setting('channel') = 'worker')
"""


def cancel(workflow: uuid.UUID, reason: str, *, compensate: bool, by: Person | None) -> None:
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


RETRY = "SELECT pgworkflows.request_retry(%(workflow)s, %(reason)s, %(undo)s, %(actor)s, %(channel)s)"


def retry(workflow: uuid.UUID, reason: str = "", *, by: Person | None) -> None:
    """Let a FAILED or BLOCKED workflow go on where it stopped, compensation included, and one that backs off try now."""
    _go_on(workflow, "retry", reason, undo=False, by=by)


def compensate(workflow: uuid.UUID, reason: str, *, by: Person | None) -> None:
    """Undo the completed steps of a FAILED or BLOCKED workflow."""
    _go_on(workflow, "compensate", reason, undo=True, by=by)


def _go_on(workflow: uuid.UUID, verb: str, reason: str, *, undo: bool, by: Person | None) -> None:
    refuse_foreign_transaction(f"{verb}()")
    actor = current_actor(by)
    parameters = {
        "workflow": workflow,
        "reason": prose(reason, f"{verb}(): the reason"),
        "undo": undo,
        "actor": actor.name,
        "channel": actor.channel,
    }
    outcome = query(RETRY, parameters)[0][0]
    if outcome == "unknown":
        raise WorkflowNotFound(str(workflow))
    if outcome != "accepted":
        raise WorkflowFinished(str(workflow), outcome, verb)
