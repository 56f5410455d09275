"""Writing what a batch has done, before its commit: tasks, events and workflows, each in one statement."""

from __future__ import annotations

import json
from datetime import datetime

from ..models import Task
from ..store import checkpoints, requests
from .row_written import change
from .run import Run
from .transaction import FusedTransaction


def flush(transaction: FusedTransaction, runs: list[Run], now: datetime) -> None:
    """Write all runs at once; what was recorded before comes first, as in the history."""
    execute, xact = transaction.execute, transaction.transaction
    new = [(run.row.id, task) for run in runs for task in run.dirty.values() if not task.stored]
    changed = [(run.row.id, task) for run in runs for task in run.dirty.values() if task.stored]
    if changed:
        checkpoints.update_tasks(execute, xact, changed)
    if new:
        checkpoints.insert_tasks(execute, xact, new)
    consumed = [(event, run.row.id, position) for run in runs for event, position in run.consumed]
    if consumed:
        checkpoints.consume_events(execute, consumed)
    if any(run.cut for run in runs):
        _close_branches(transaction, runs)
    dropped = [event for run in runs for event in run.dropped]
    if dropped:
        checkpoints.drop_events(execute, dropped)
    replies = [(run.row.id, request, reply) for run in runs for request, reply in run.replies.items()]
    if replies:
        requests.reply(execute, xact, replies)
    if runs:
        checkpoints.update_workflows(execute, xact, [change(run, now) for run in runs])


def _close_branches(transaction: FusedTransaction, runs: list[Run]) -> None:
    cut = [(run.row.id, task) for run in runs for task in run.cut]
    checkpoints.close_branches(
        transaction.execute,
        [(workflow, task.position) for workflow, task in cut if task.kind == Task.Kind.APPROVAL],
        [task.child for _, task in cut if task.child is not None and task.kind == Task.Kind.CHILD],
        [event for run in runs if run.cut for event in _not_wanted(run)],
    )


def _not_wanted(run: Run) -> list[int]:
    """List the events that were given to waits of this workflow, none of which is open any more."""
    open_waits = (task for task in run.tasks.values() if task.kind == Task.Kind.EVENT and task.status == Task.Status.WAITING)
    awaited = {
        (name, task.correlation) for task in open_waits for name in (json.loads(task.any_of) if task.any_of else [task.name])
    }
    return [event.id for event in run.events if (event.name, event.correlation) not in awaited]
