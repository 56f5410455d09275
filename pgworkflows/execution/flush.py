"""Writing what a batch has done, before its commit: tasks, events and workflows, each in one statement."""

from __future__ import annotations

from datetime import datetime

from ..store import checkpoints, requests
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
    dropped = [event for run in runs for event in run.dropped]
    if dropped:
        checkpoints.drop_events(execute, dropped)
    replies = [(run.row.id, request, reply) for run in runs for request, reply in run.replies.items()]
    if replies:
        requests.reply(execute, xact, replies)
    if runs:
        checkpoints.update_workflows(execute, xact, [run.change(now) for run in runs])
