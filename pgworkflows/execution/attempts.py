"""Attempting a step or a compensation: inside the transaction, or by handing it to the pool."""

from __future__ import annotations

import time
from typing import Any, NoReturn

from ..definitions.scope import current_scope
from ..definitions.step import Step
from ..exceptions import NotAllowed, WaitTimeout
from ..models import Task
from ..models.waits import WaitKind, wait_for
from ..store.records import RecordedTask
from ..telemetry import points
from ..values.encoding import digest, dump, load, with_rows
from .calls import call_outside, step_info
from .context import StepInfo
from .control_flow import ControlFlow, LockConflict, Suspended, TransactionLost
from .errors import DEADLOCK, DISK_FULL, SERIALIZATION, describe, sqlstate
from .outcome import Charge
from .recording import completed, failed_for_good, failure, hold_off, postponed, snoozed, snoozed_since
from .run import Run
from .step_scope import StepScope

_PLAIN = (str, int, bool, type(None))


def attempt(
    run: Run, step: Step[..., Any], task: RecordedTask, arguments: dict[str, Any], compensates: StepInfo | None = None
) -> Any:
    """Bring a task to its result, or raise what it failed with, or Suspended.

    `task` is what is recorded at this position, or a fresh PENDING record.
    """
    if task.position in run.overran and task.status != Task.Status.COMPLETED:
        run.overran.discard(task.position)
        run.apart = True
        task.due_at = None
        _failed(run, step, task, WaitTimeout(f"step {step.name} took longer than {step.timeout} s"), task.attempt + 1)
    charge = run.charge(task)
    if charge is not None and charge.call in (None, _call(step, arguments)):
        task.started_at, task.due_at = charge.began or task.started_at, None
        _failed(run, step, task, charge.error, task.attempt + 1)
    if not step.atomic:
        return call_outside(run, step, task, arguments, compensates)
    return _attempt_inside(run, step, task, arguments, compensates)


def _attempt_inside(  # noqa: RET503 - _failed does not return
    run: Run, step: Step[..., Any], task: RecordedTask, arguments: dict[str, Any], compensates: StepInfo | None
) -> Any:
    batch, transaction, attempts = run.batch, run.batch.transaction, task.attempt + 1
    if task.due_at is not None and task.due_at > run.now():
        hold_off(run, step, task)
    run.before_step(step, task.position)
    was_snoozed = snoozed_since(task) is not None
    task.started_at = task.started_at or run.now()
    transaction.begin_step(step.elsewhere, own_savepoint=run.has_own_savepoint(task.position))
    inside = StepScope(atomic=True, info=lambda: step_info(run, step, task, attempts, compensates))
    scope = current_scope.set(inside)
    failure: BaseException | None = None
    if points.step_begun.subscribers:
        points.step_begun.emit(**_facts(run, step, task, attempts))
    began = time.monotonic()
    batch.engine.step = run.row.id, task.position, step, began
    try:
        value = step.function(**with_rows(arguments))
        _check(run, task)
        text = dump(value, f"the result of step {step.name}")
        recorded = value if type(value) in _PLAIN else load(text)
    except BaseException as error:  # sys.exit() and KeyboardInterrupt in a step are its failure
        failure = error
        if transaction.undo_step():
            run.undone = task.position
        if isinstance(error, ControlFlow):
            raise
        _raise_lost_or_locked(run, step, task, error, was_snoozed)
        failure = _explained(error)
    else:
        transaction.end_step()
        completed(run, task, text, attempts)
        return recorded
    finally:
        batch.engine.step = None
        current_scope.reset(scope)
        if points.step_ended.subscribers:
            points.step_ended.emit(**_facts(run, step, task, attempts), seconds=time.monotonic() - began, error=failure)
    if run.undone is not None:
        run.charges[task.position] = Charge(error=failure, call=_call(step, arguments), began=task.started_at)
        raise Suspended
    _failed(run, step, task, failure, attempts)


def _facts(run: Run, step: Step[..., Any], task: RecordedTask, attempt: int) -> dict[str, Any]:
    worker = run.batch.engine.name
    return {"worker": worker, "workflow": run.row.id, "position": task.position, "step": step, "attempt": attempt}


def _call(step: Step[..., Any], arguments: dict[str, Any]) -> object:
    """Return what equal calls have in common; one whose arguments cannot be stored is like no other."""
    try:
        return step.name, digest(arguments, f"an argument of step {step.name}")
    except Exception:
        return object()


def _check(run: Run, task: RecordedTask) -> None:
    """Raise what the step did to the transaction without saying so; one that ended it is charged when it runs next."""
    try:
        run.batch.transaction.check_step()
    except TransactionLost as lost:
        run.batch.engine.charge(run.row.id, NotAllowed(f"Step {task.name} {lost.reason}"), task.position, task.name)
        raise


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, RuntimeError) and "durable atomic block cannot be nested" in str(error):
        return NotAllowed(
            "transaction.atomic(durable=True) cannot be in an atomic step, whose transaction is the worker's. "
            "Use @step(atomic=False) for it, or leave durable away."
        )
    return error


def _raise_lost_or_locked(run: Run, step: Step[..., Any], task: RecordedTask, error: BaseException, was_snoozed: bool) -> None:
    """Raise LockConflict, which is no attempt, or TransactionLost for a connection or a disk that is gone."""
    if run.batch.transaction.raw.closed or sqlstate(error) == DISK_FULL:
        raise TransactionLost(str(error)) from error
    if run.batch.transaction.hit_lock_timeout(error) or sqlstate(error) in (DEADLOCK, SERIALIZATION):
        if run.batch.alone or was_snoozed:
            snoozed(run, task, describe(error), wait_for(WaitKind.LOCK, task.name))
            hold_off(run, step, task)
        else:
            run.continue_alone()
        raise LockConflict from error


def _failed(run: Run, step: Step[..., Any], task: RecordedTask, error: BaseException, attempts: int) -> NoReturn:
    """Record a failed attempt; raise the exception anew, or Suspended where another attempt follows."""
    retry = step.retry
    if retry.allows_another(error, attempts):
        postponed(run, task, describe(error, step=step.name), attempts, retry.delay(attempts))
        hold_off(run, step, task)
    failed_for_good(run, task, describe(error, step=step.name, refused=retry.refuses(error)), attempts, error)
    raise failure(run, task)
