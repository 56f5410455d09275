"""Attempting a step or a compensation: inside the transaction, or by handing it to the pool."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..definitions.scope import current_scope
from ..definitions.step import Step
from ..exceptions import NotAllowed, WaitTimeout
from ..models import Task, Workflow
from ..models.waits import Wait, WaitKind, wait_for
from ..store.records import RecordedTask
from ..telemetry import points
from ..values.encoding import digest, dump, load, with_rows
from .context import StepInfo, workflow_info
from .control_flow import ControlFlow, LockConflict, Suspended, TransactionLost
from .errors import DEADLOCK, DISK_FULL, SERIALIZATION, describe, in_short, rebuild, sqlstate
from .outside import OutsideCall, needs_executor
from .run import Charge, Run
from .step_scope import StepScope

#: How long, in seconds, a step is snoozed for others' locks before its workflow is blocked, and the pauses in between.
LONGEST_SNOOZING, SHORTEST_PAUSE, LONGEST_PAUSE = 3600.0, 0.5, 60.0
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
        return _attempt_outside(run, step, task, arguments, compensates)
    return _attempt_inside(run, step, task, arguments, compensates)


def _attempt_inside(  # noqa: RET503 - _failed does not return
    run: Run, step: Step[..., Any], task: RecordedTask, arguments: dict[str, Any], compensates: StepInfo | None
) -> Any:
    batch, transaction, attempts = run.batch, run.batch.transaction, task.attempt + 1
    run.before_step(step, task.position)
    snoozed_since = _snoozed_since(task)
    task.started_at, task.due_at = task.started_at or run.now(), None
    transaction.begin_step(step.elsewhere, own_savepoint=run.has_own_savepoint(task.position))
    inside = StepScope(atomic=True, info=lambda: _info(run, step, task, attempts, compensates))
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
        _raise_lost_or_locked(run, task, error, snoozed_since)
        failure = _explained(error)
    else:
        transaction.end_step()
        _completed(run, task, text, attempts)
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


def _info(run: Run, step: Step[..., Any], task: RecordedTask, attempt: int, compensates: StepInfo | None) -> StepInfo:
    return StepInfo(
        name=step.name, attempt=attempt, workflow=run.row.id, position=task.position, compensates=compensates,
        call=_calls_before(task),
    )  # fmt: skip


def _calls_before(task: RecordedTask) -> int:
    """Count the calls of a poll before this one."""
    return int(json.loads(task.result)["calls"]) if task.kind == Task.Kind.POLL and task.result else 0


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


def _raise_lost_or_locked(run: Run, task: RecordedTask, error: BaseException, since: datetime | None) -> None:
    """Raise LockConflict, which is no attempt, or TransactionLost for a connection or a disk that is gone."""
    if run.batch.transaction.raw.closed or sqlstate(error) == DISK_FULL:
        raise TransactionLost(str(error)) from error
    if run.batch.transaction.hit_lock_timeout(error) or sqlstate(error) in (DEADLOCK, SERIALIZATION):
        if run.batch.alone or since is not None:
            _snooze(run, task, describe(error), since or run.now(), wait_for(WaitKind.LOCK, task.name))
        else:
            run.continue_alone()
        raise LockConflict from error


def _snooze(run: Run, task: RecordedTask, error: str, since: datetime, wait: Wait) -> None:
    """Try the step again later, behind the queue, uncounted, after a pause as long as it has been snoozed; block it in the end.

    `error` of the task says to what and since when, `due_at` until when.
    """
    waited = (run.now() - since).total_seconds()
    if waited > LONGEST_SNOOZING:
        task.due_at = None
        run.write(task)
        met, remedy = "a lock, or a deadlock,", "End the session that holds it"
        if wait["kind"] == WaitKind.EXECUTOR:
            met, remedy = f"executor {wait['executor']!r}, which could not be used,", "Mend it"
        run.block(
            RuntimeError(
                f"Step {task.name} of workflow {run.row.name} {run.row.id} met {met} for {waited:.0f} s "
                f"(the limit is {LONGEST_SNOOZING:.0f} s): {in_short(error)}. {remedy}, then retry() it; or cancel() it."
            )
        )
        return
    task.error = json.dumps(json.loads(error) | {"since": since.isoformat()})
    task.due_at = run.now() + timedelta(seconds=min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE))
    run.write(task)
    run.later(task.due_at, wait | {"since": since.isoformat(), "until": task.due_at.isoformat()})


def _snoozed_since(task: RecordedTask) -> datetime | None:
    since = json.loads(task.error).get("since") if task.due_at is not None and task.error else None
    return datetime.fromisoformat(since) if since else None


def _completed(run: Run, task: RecordedTask, text: str, attempts: int) -> None:
    task.status, task.result, task.error, task.attempt = Task.Status.COMPLETED, text, None, attempts
    task.finished_at = run.now()
    run.write(task)


def _failed(run: Run, step: Step[..., Any], task: RecordedTask, error: BaseException, attempts: int) -> NoReturn:
    """Record a failed attempt; raise the exception anew, or Suspended where another attempt follows."""
    retry = step.retry
    if retry.allows_another(error, attempts):
        _postpone(run, task, describe(error, step=step.name), attempts, retry.delay(attempts))
    _fail_for_good(run, task, describe(error, step=step.name, refused=retry.refuses(error)), attempts, error)


def _postpone(run: Run, task: RecordedTask, error: str, attempts: int, delay: float) -> NoReturn:
    task.status, task.error, task.attempt = Task.Status.PENDING, error, attempts
    run.write(task)
    run.report_failure(task, final=False)
    status = Workflow.Status.PENDING
    if run.row.status == Workflow.Status.COMPENSATING:
        status = Workflow.Status.COMPENSATING
    due = run.now() + timedelta(seconds=delay)
    wait = wait_for(WaitKind.ATTEMPT, task.name, since=run.now(), attempt=attempts + 1, until=due)
    run.stop(status, available_at=due, error=run.row.error, waiting_for=[wait])
    raise Suspended


def _fail_for_good(run: Run, task: RecordedTask, error: str, attempts: int, raised: BaseException | None) -> NoReturn:
    """Record the failure and raise it, with the traceback of the step where this process ran it."""
    task.status, task.error, task.attempt, task.finished_at = Task.Status.FAILED, error, attempts, run.now()
    run.write(task)
    run.report_failure(task, final=True)
    raise rebuild(error, step=task.name, attempts=attempts).with_traceback(raised.__traceback__ if raised else None)


def _attempt_outside(
    run: Run, step: Step[..., Any], task: RecordedTask, arguments: dict[str, Any], compensates: StepInfo | None
) -> Any:
    result = run.results.pop(task.position, None)
    if result is not None and result.key.attempt == task.attempt:
        return take_result(run, task, result)
    uncounted = task.status == Task.Status.RUNNING or task.due_at is not None  # it was lost, or snoozed
    attempts = task.attempt if uncounted else task.attempt + 1
    run.before_step(step, task.position, in_short(task.error) if task.status == Task.Status.RUNNING else "")
    if run.batch.engine.stopping:
        run.again()
        raise Suspended
    _require_executor(run, step, task, attempts)
    task.status, task.attempt = Task.Status.RUNNING, attempts
    task.started_at = task.started_at or run.now()
    run.write(task)
    of = workflow_info.get()
    assert of is not None
    info = _info(run, step, task, attempts, compensates)
    call = OutsideCall(epoch=run.row.epoch + 1, step=step, arguments=arguments, info=info, of=of)
    compensating = run.row.status == Workflow.Status.COMPENSATING
    status = Workflow.Status.COMPENSATING if compensating else Workflow.Status.RUNNING
    wait = wait_for(WaitKind.CALL, step.name, since=run.now(), attempt=attempts)
    run.stop(status, calls=[call], error=run.row.error if compensating else None, waiting_for=[wait])
    raise Suspended


def _require_executor(run: Run, step: Step[..., Any], task: RecordedTask, attempts: int) -> None:
    """Let the run go on later where the executor of the step has no room, or cannot be used: the attempt has not begun then."""
    refusal = run.batch.engine.refuses(step)
    if refusal is None:
        return
    run.turned_away = True
    if refusal.error is None:
        run.later(
            run.now() + timedelta(seconds=refusal.seconds),
            wait_for(WaitKind.ROOM, step.name, since=run.now(), executor=step.executor),
        )
    else:
        since = _snoozed_since(task) or run.now()
        task.attempt = attempts
        _turn_away(run, task, describe(refusal.error), since, needs_executor(step))
    raise Suspended


def _turn_away(run: Run, task: RecordedTask, error: str, since: datetime, wait: Wait) -> None:
    """Keep what was in the step's way, and try it again later."""
    task.status, task.error = Task.Status.PENDING, error
    run.write(task)
    _snooze(run, task, error, since, wait)


def take_result(run: Run, task: RecordedTask, result: Any) -> Any:
    """Record what came back from the outside; return it, raise what it failed with, or Suspended for another attempt."""
    snoozed_since = _snoozed_since(task)
    task.due_at = None
    if result.error is None:
        _completed(run, task, result.text, task.attempt)
        return load(result.text)
    if result.snooze:
        run.turned_away = result.snooze["kind"] == WaitKind.EXECUTOR
        _turn_away(run, task, result.error, snoozed_since or run.now(), result.snooze)
        raise Suspended
    if result.lost:
        _lost(run, task, result.error)
        raise Suspended
    if result.retry_after is not None:
        _postpone(run, task, result.error, task.attempt, result.retry_after)
    _fail_for_good(run, task, result.error, task.attempt, result.raised)


def _lost(run: Run, task: RecordedTask, error: str) -> None:
    """Have the call made again under the same attempt, as after the death of a worker: counted, and apart from the others."""
    task.error, run.lost = error, True
    run.write(task)
    seconds = 0.05 * 2.0**run.crashes if run.crashes > 1 else 0.0
    due = run.now() + timedelta(seconds=seconds)
    wait = wait_for(WaitKind.LOST, task.name, since=run.now(), until=due, error=json.loads(error)["type"].split(":")[-1])
    run.later(due, wait)


def was_refused(task: RecordedTask) -> bool:
    """Whether the task ended in a `give_up_on`: nothing happened on the other side."""
    return bool(task.error) and bool(json.loads(str(task.error)).get("refused"))
