"""What a batch writes to a workflow's row."""

from __future__ import annotations

import json
from datetime import datetime

from ..models import Task, Workflow
from ..models.workflow_row import WorkflowChange
from .run import Run


def change(run: Run, moment: datetime) -> WorkflowChange:
    """Return what the flush of that moment writes to the workflow's row."""
    outcome = run.outcome
    assert outcome is not None
    return WorkflowChange(
        id=run.row.id,
        status=outcome.status,
        state=run.state,
        result=outcome.result,
        error=outcome.error,
        attributes=run.attributes,
        available_at=outcome.available_at,
        started_at=run.row.started_at or moment,
        finished_at=moment if outcome.status in Workflow.FINISHED else None,
        waiting_for=json.dumps(outcome.waiting_for) if outcome.waiting_for else "[]",
        owner_id=run.batch.engine.worker_id if outcome.owned else None,
        wake_at=outcome.wake_at,
        epoch=run.call_epoch if outcome.owned else run.row.epoch,
        crashes=crashes(run),
        cancel_request=run.row.cancel_request,
        cancel_requested_at=run.row.cancel_requested_at,
    )


def crashes(run: Run) -> int:
    """How many tries in vain still count: none after progress; beginning an outside attempt is not progress."""
    outcome, before = run.outcome, run.row.crashes
    if outcome is not None and outcome.status in Workflow.FINISHED:
        return 0
    if run.lost:  # as after the death of a worker; of what is tried by itself the count was committed before
        return max(before, min(before + 1, 2))
    if run.turned_away:
        return before if before < 2 else 0 if before == 2 else before - 1
    goes_on = outcome is not None and (outcome.owned or outcome.status in (Workflow.Status.PENDING, Workflow.Status.COMPENSATING))
    if run.apart and goes_on:
        return max(2, before if run.set_aside else 0)
    if outcome is None or not outcome.owned or not run.batch.apart:
        return 0
    progressed = any(task.status != Task.Status.RUNNING for task in run.dirty.values())
    return 0 if progressed else before
