"""Recording what came back from outside, before the body runs: whichever branch it is of."""

from __future__ import annotations

from datetime import timedelta

from ..models import Task
from ..models.waits import WaitKind
from ..store.records import RecordedTask
from .branches.cuts import is_cut
from .outside import OutsideResult
from .recording import completed, failed_for_good, postponed, snoozed
from .row_written import crashes
from .run import Run


def land(run: Run) -> None:
    """Write every result in hand to its task."""
    for position, result in sorted(run.results.items()):
        task = run.tasks.get(position)
        if task is not None and task.status == Task.Status.RUNNING and task.attempt == result.key.attempt:
            if task.kind == Task.Kind.POLL and result.error is None and not is_cut(run, position):
                continue  # it may be one of many calls: its poll says
            run.landed.add(position)
            _record(run, task, result)


def _record(run: Run, task: RecordedTask, result: OutsideResult) -> None:
    if result.error is None:
        completed(run, task, result.text, task.attempt)
    elif is_cut(run, task.position):
        _record_late(run, task, result, result.error)
    elif result.snooze:
        run.turned_away = result.snooze["kind"] == WaitKind.EXECUTOR
        task.status = Task.Status.PENDING
        snoozed(run, task, result.error, result.snooze)
    elif result.lost:
        _lost(run, task, result.error)
    elif result.retry_after is not None:
        postponed(run, task, result.error, task.attempt, result.retry_after)
    else:
        failed_for_good(run, task, result.error, task.attempt, result.raised)


def _record_late(run: Run, task: RecordedTask, result: OutsideResult, error: str) -> None:
    """Record an error that nobody waits for any more: its branch was cancelled."""
    if result.lost or result.snooze:
        task.status, task.error, task.finished_at = Task.Status.CANCELLED, error, run.now()
        run.write(task)
    else:
        failed_for_good(run, task, error, task.attempt, result.raised)


def _lost(run: Run, task: RecordedTask, error: str) -> None:
    """Have the call made again under the same attempt, as after the death of a worker: counted, and apart from the others."""
    run.lost = True
    tries = crashes(run)
    task.error = error
    task.due_at = run.now() + timedelta(seconds=0.05 * 2.0**tries if tries > 1 else 0.0)
    run.write(task)


def give_up_retries(run: Run) -> None:
    """Let fail for good what came back to be tried again: the body does not run any more."""
    for position in run.landed:
        task = run.tasks[position]
        if task.status == Task.Status.PENDING:
            task.status, task.due_at = Task.Status.FAILED, None
            run.write(task)
