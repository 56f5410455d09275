"""Recording how an attempt ended, and standing still until the next one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NoReturn

from ..definitions.step import Step
from ..models import Task
from ..models.waits import Wait, WaitKind, wait_for
from ..store.records import RecordedTask
from .control_flow import Suspended
from .errors import in_short, rebuild
from .outside import needs_executor
from .run import Run

#: How long, in seconds, a step is snoozed for others' locks before its workflow is blocked, and the pauses in between.
LONGEST_SNOOZING, SHORTEST_PAUSE, LONGEST_PAUSE = 3600.0, 0.5, 60.0


def completed(run: Run, task: RecordedTask, text: str | None, attempts: int) -> None:
    """Record the result."""
    task.status, task.result, task.error, task.attempt = Task.Status.COMPLETED, text, None, attempts
    task.due_at, task.finished_at = None, run.now()
    run.write(task)


def failed_for_good(run: Run, task: RecordedTask, error: str, attempts: int, raised: BaseException | None) -> None:
    """Record the failure, of which `raised` is the exception where this process ran the step."""
    task.status, task.error, task.attempt = Task.Status.FAILED, error, attempts
    task.due_at, task.finished_at = None, run.now()
    run.write(task)
    run.report_failure(task, final=True)
    if raised is not None:
        run.raised[task.position] = raised


def failure(run: Run, task: RecordedTask, attempts: int | None = None) -> Exception:
    """Make anew what a task failed with, with the traceback of the step where this process ran it."""
    raised = run.raised.get(task.position)
    error = rebuild(str(task.error), step=task.name, attempts=task.attempt if attempts is None else attempts)
    return error.with_traceback(raised.__traceback__) if raised is not None else error


def postponed(run: Run, task: RecordedTask, error: str, attempts: int, delay: float) -> None:
    """Record a failed attempt after which another follows."""
    task.status, task.error, task.attempt = Task.Status.PENDING, error, attempts
    task.due_at = run.now() + timedelta(seconds=delay)
    run.write(task)
    run.report_failure(task, final=False)


def snoozed(run: Run, task: RecordedTask, error: str, wait: Wait) -> None:
    """Have the step tried again later, behind the queue, uncounted, after a pause as long as it has been snoozed.

    `error` of the task says what was in its way, of which kind that is and since when, `due_at` until when. In the end the
    workflow is blocked.
    """
    since = snoozed_since(task) or run.now()
    waited = (run.now() - since).total_seconds()
    task.error = json.dumps(json.loads(error) | {"since": since.isoformat(), "kind": wait["kind"]})
    task.due_at = run.now() + timedelta(seconds=min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE))
    if waited > LONGEST_SNOOZING:
        task.error, task.due_at = error, None
        run.block(_snoozed_too_long(run, task, error, waited, wait))
    run.write(task)


def _snoozed_too_long(run: Run, task: RecordedTask, error: str, waited: float, wait: Wait) -> RuntimeError:
    met, remedy = "a lock, or a deadlock,", "End the session that holds it"
    if wait["kind"] == WaitKind.EXECUTOR:
        met, remedy = f"executor {wait['executor']!r}, which could not be used,", "Mend it"
    return RuntimeError(
        f"Step {task.name} of workflow {run.row.name} {run.row.id} met {met} for {waited:.0f} s "
        f"(the limit is {LONGEST_SNOOZING:.0f} s): {in_short(error)}. {remedy}, then retry() it; or cancel() it."
    )


def snoozed_since(task: RecordedTask) -> datetime | None:
    """Return since when a step is snoozed, if it is."""
    since = json.loads(task.error).get("since") if task.due_at is not None and task.error else None
    return datetime.fromisoformat(since) if since else None


def hold_off(run: Run, step: Step[..., Any], task: RecordedTask) -> NoReturn:
    """Stand still until the next attempt is due."""
    if not run.stopped:
        run.park(task.position.branch, task.due_at, _until_next_attempt(run, step, task))
    raise Suspended


def _until_next_attempt(run: Run, step: Step[..., Any], task: RecordedTask) -> Wait:
    error, until = json.loads(task.error or "{}"), task.due_at
    if task.status == Task.Status.RUNNING:
        return wait_for(WaitKind.LOST, task.name, since=run.now(), until=until, error=error["type"].split(":")[-1])
    since = snoozed_since(task)
    if since is None:
        return wait_for(WaitKind.ATTEMPT, task.name, since=run.now(), attempt=task.attempt + 1, until=until)
    wait = needs_executor(step) if error.get("kind") == WaitKind.EXECUTOR else wait_for(WaitKind.LOCK, task.name)
    return wait | {"since": since.isoformat(), "until": until.isoformat() if until else None}


def was_refused(task: RecordedTask) -> bool:
    """Whether the task ended in a `give_up_on`: nothing happened on the other side."""
    return bool(task.error) and bool(json.loads(str(task.error)).get("refused"))
