"""Undoing what happened: once, in reverse, durably."""

from __future__ import annotations

import json

from ..definitions.registry import registry
from ..exceptions import NondeterminismError
from ..models import Task, Workflow
from ..store.records import RecordedTask
from ..values.encoding import load
from .attempts import attempt
from .context import StepInfo
from .control_flow import Suspended
from .recording import failure, was_refused
from .run import Run
from .standing import merge_stops


def to_undo(run: Run) -> list[RecordedTask]:
    """List the steps to compensate, the last to end first: completed ones, and outside ones whose outcome is unknown.

    Only a step that declares a compensation has its arguments recorded.
    """
    steps = [task for task in run.tasks.values() if task.kind == Task.Kind.STEP and task.payload]
    undone = [task for task in steps if task.status == Task.Status.COMPLETED or _outcome_unknown(task)]
    return sorted(undone, key=_when, reverse=True)


def _when(task: RecordedTask) -> tuple[bool, int, tuple[int, ...]]:
    """Say when it ended; of a call whose worker died nobody knows, and it is undone before all others."""
    return task.ended is None, task.ended or 0, task.position.order


def _outcome_unknown(task: RecordedTask) -> bool:
    step = registry.steps.get(task.name)
    return not was_refused(task) and (step is None or not step.atomic)


def compensate(run: Run) -> None:
    """Run the next compensations; set the outcome: ended, waiting for another attempt, or BLOCKED."""
    begun = {task.compensates: task for task in run.tasks.values() if task.kind == Task.Kind.COMPENSATION}
    try:
        for target in to_undo(run):
            _undo(run, target, begun.get(target.id))
    except Suspended:
        merge_stops(run)
        return
    undone = any(task.kind == Task.Kind.COMPENSATION for task in run.tasks.values())
    ended = Workflow.Status.COMPENSATED if undone else Workflow.Status.FAILED
    error = json.dumps(run.turned_back_for) if run.turned_back_for else None
    run.stop(Workflow.Status.CANCELLED if run.row.cancel_requested_at is not None else ended, error=error)


def _undo(run: Run, target: RecordedTask, task: RecordedTask | None) -> None:
    step = registry.steps.get(target.name)
    if step is None or step.undo is None:
        _block(run, target)
        return
    if task is None:
        task = RecordedTask(run.end, Task.Kind.COMPENSATION, step.undo.name, Task.Status.PENDING, compensates=target.id)
    elif task.status == Task.Status.COMPLETED:
        return
    elif task.status == Task.Status.FAILED:
        run.block(failure(run, task))
        raise Suspended
    known = target.status == Task.Status.COMPLETED
    arguments = load(target.payload) | {"result": load(target.result) if known else None}
    compensates = StepInfo(name=target.name, attempt=target.attempt, workflow=run.row.id, position=target.position)
    try:
        attempt(run, step.undo, task, arguments, compensates)
    except Exception as error:
        run.block(error)
        raise Suspended from None


def _block(run: Run, target: RecordedTask) -> None:
    row = run.row
    run.block(
        NondeterminismError(
            f"{row.name} v{row.version} {row.id}",
            str(target.position),
            f"STEP {target.name} with a compensation",
            "nothing: no such step, or it has no compensation any more",
        )
    )
    raise Suspended
