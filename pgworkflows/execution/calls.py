"""Beginning the calls of outside steps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NoReturn

from ..definitions.step import Step
from ..models import Task
from ..models.waits import WaitKind, wait_for
from ..store.records import RecordedTask
from ..values.encoding import load
from .context import StepInfo, workflow_info
from .control_flow import Suspended
from .errors import in_short
from .outside import OutsideCall
from .recording import completed, hold_off, snoozed_since
from .room import require_executor, require_room
from .run import Run


def call_outside(  # noqa: RET503 - _await does not return
    run: Run, step: Step[..., Any], task: RecordedTask, arguments: dict[str, Any], compensates: StepInfo | None
) -> Any:
    """Have the call made once this is committed, and stand still until its result comes; so where it is in flight.

    Only a poll, which has many calls in one task, has not been given its result before.
    """
    position = task.position
    result = run.results.get(position)
    if task.kind == Task.Kind.POLL and task.status == Task.Status.RUNNING and result is not None and result.error is None:
        completed(run, task, result.text, task.attempt)
        return load(result.text)
    if position in run.flights or position in run.calls:
        _await(run, task)
    if task.due_at is not None and (task.due_at > run.now() or position in run.landed):
        hold_off(run, step, task)
    uncounted = task.status == Task.Status.RUNNING or snoozed_since(task) is not None  # it was lost, or snoozed
    attempts = task.attempt if uncounted else task.attempt + 1
    run.before_step(step, position, in_short(task.error) if task.status == Task.Status.RUNNING else "")
    if run.batch.engine.stopping:
        run.put_off(position)
    require_executor(run, step, task, attempts)
    require_room(run, step, task)
    of = workflow_info.get()
    assert of is not None
    info = step_info(run, step, task, attempts, compensates)
    call = OutsideCall(epoch=run.call_epoch, step=step, arguments=arguments, info=info, of=of)
    run.begin_call(call, replace(task) if position in run.tasks else None)
    task.status, task.attempt = Task.Status.RUNNING, attempts
    if snoozed_since(task) is None:
        task.due_at = None
    task.started_at = task.started_at or run.now()
    run.write(task)
    _await(run, task)


def step_info(run: Run, step: Step[..., Any], task: RecordedTask, attempt: int, compensates: StepInfo | None) -> StepInfo:
    """Say which attempt of which step it is."""
    return StepInfo(
        name=step.name, attempt=attempt, workflow=run.row.id, position=task.position, compensates=compensates,
        call=_calls_before(task),
    )  # fmt: skip


def _calls_before(task: RecordedTask) -> int:
    """Count the calls of a poll before this one."""
    return int(json.loads(task.result)["calls"]) if task.kind == Task.Kind.POLL and task.result else 0


def _await(run: Run, task: RecordedTask) -> NoReturn:
    wait = wait_for(WaitKind.CALL, task.name, since=run.now(), attempt=task.attempt)
    run.park(task.position.branch, None, wait)
    raise Suspended
