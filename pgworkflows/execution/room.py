"""Whether a call of an outside step may begin: its executor can be used, and others have room too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..definitions.step import Step
from ..models import Task
from ..models.waits import WaitKind, wait_for
from ..store.records import RecordedTask
from .control_flow import Suspended
from .errors import describe
from .outside import needs_executor
from .recording import hold_off, snoozed
from .run import Run

#: How soon to look again for room; a landing call of its own wakes the workflow before.
SOON = timedelta(seconds=1)


def require_room(run: Run, step: Step[..., Any], task: RecordedTask) -> None:
    """Let the branch go on later where others of its workflow have calls in flight, and one more would leave others no room."""
    own = len(run.calls) + len(run.flights)
    room = run.batch.engine.room(step) if own else None
    if room is None:
        return
    begun = run.batch.begun_calls
    if room.free <= begun[step.is_async] or (own >= room.of // 2 and run.batch.others_wait(run.row)):
        run.park(task.position.branch, run.now() + SOON, wait_for(WaitKind.ROOM, step.name, since=run.now()))
        raise Suspended
    begun[step.is_async] += 1


def require_executor(run: Run, step: Step[..., Any], task: RecordedTask, attempts: int) -> None:
    """Let the branch go on later where the step's executor has no room, or cannot be used: the attempt has not begun then."""
    refusal = run.batch.engine.refuses(step)
    if refusal is None:
        return
    run.turned_away = True
    if refusal.error is None:
        due = run.now() + timedelta(seconds=refusal.seconds)
        run.park(task.position.branch, due, wait_for(WaitKind.ROOM, step.name, since=run.now(), executor=step.executor))
        raise Suspended
    task.status, task.attempt = Task.Status.PENDING, attempts
    snoozed(run, task, describe(refusal.error), needs_executor(step))
    hold_off(run, step, task)
