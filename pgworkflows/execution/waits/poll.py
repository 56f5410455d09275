"""Calling a step again and again until its answer will do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar

from ...definitions.arguments import Arguments
from ...definitions.step import Step, bound_call
from ...exceptions import WaitTimeout
from ...models import Task
from ...models.waits import wait_for
from ...store.records import RecordedTask
from ...values.durations import Duration, optional_seconds, seconds
from ...values.encoding import dump, load
from ..attempts import attempt
from ..errors import rebuild
from ..replay import Replay, current_replay

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """What is called, how often, and until when."""

    step: Step[..., Any]
    args: tuple[Any, ...]
    kwargs: Arguments
    until: Callable[[Any], object]
    initial: Any
    every: timedelta
    timeout: timedelta | None
    max_calls: int | None

    def bind(self, last: Any) -> Arguments:
        """Return the arguments of a call: what the last one returned comes behind the others."""
        return self.step.bind((*self.args, last), self.kwargs)


@dataclass(slots=True)
class Progress:
    """How many calls there were, what the last one returned, and how many came before a retry(); the result of an open task."""

    calls: int
    last: Any
    before: int = 0

    @classmethod
    def of(cls, task: RecordedTask, initial: Any) -> Progress:
        """Read it."""
        recorded = load(task.result) or {}
        return cls(recorded.get("calls", 0), recorded.get("last", initial), recorded.get("before", 0))

    def text(self) -> str:
        """Write it."""
        return dump({"calls": self.calls, "last": self.last, "before": self.before}, "what a poll returned")


def poll(
    step: Callable[..., R],
    *,
    every: Duration,
    until: Callable[[R], object],
    initial: Any = None,
    timeout: Duration | None = None,
    max_calls: int | None = None,
) -> R:
    """Call a step each `every` until `until` of what it returns is true, and return that.

    `step` is a step or a `partial` of one; its last positional argument is what the last call returned, `initial` at first. All
    calls are one task. Each has an idempotency key of its own, and the step's retry. Raises WaitTimeout, whose `last` is the last
    answer, when the time or the calls are used up.
    """
    called, args, kwargs = bound_call(step, "poll(step)")
    what, length = f"poll({called.name}", seconds(every, what=f"poll({called.name}, every=)")
    limit = optional_seconds(timeout, what=f"{what}, timeout=)")
    polling = Polling(
        step=called, args=args, kwargs=kwargs, until=until, initial=initial, every=timedelta(seconds=length),
        timeout=None if limit is None else timedelta(seconds=limit), max_calls=max_calls,
    )  # fmt: skip
    _check(polling, what)
    answer: R = _go_on(current_replay("poll"), polling)
    return answer


def _check(polling: Polling, what: str) -> None:
    if not polling.every:
        raise ValueError(f"{what}, every=) must be longer than nothing.")
    if not callable(polling.until):
        raise TypeError(f"{what}, until=) must be a function of what the step returns, not {polling.until!r}.")
    if polling.max_calls is not None and (type(polling.max_calls) is not int or polling.max_calls < 1):
        raise ValueError(f"{what}, max_calls={polling.max_calls!r}) must be a whole number from 1.")
    if polling.step.undo is not None:
        raise TypeError(f"{what}): a step that is called many times cannot be undone. Poll one without a compensation.")
    polling.bind(polling.initial)
    dump(polling.initial, f"{what}, initial=)")


def _go_on(replay: Replay, polling: Polling) -> Any:
    task = replay.match(Task.Kind.POLL, polling.step.name)
    if task is None:
        task = replay.task(Task.Kind.POLL, polling.step.name, Task.Status.PENDING)
    if task.status == Task.Status.COMPLETED:
        return replay.answer(task)
    progress = Progress.of(task, polling.initial)
    if task.status == Task.Status.FAILED:
        raise _with_last(rebuild(str(task.error), step=task.name, attempts=task.attempt), progress)
    if task.status == Task.Status.WAITING:
        if task.due_at is not None and task.due_at > replay.run.now():
            _suspend(replay, task, progress)
        task.status, task.due_at, task.attempt, task.error = Task.Status.PENDING, None, 0, None
    return _call(replay, polling, task, progress)


def _call(replay: Replay, polling: Polling, task: RecordedTask, progress: Progress) -> Any:
    value = attempt(replay.run, polling.step, task, polling.bind(progress.last))
    try:
        enough = bool(polling.until(value))
    except Exception as error:
        task.result = progress.text()
        replay.fail(task, error)
    if enough:
        return value
    progress = Progress(progress.calls + 1, value, progress.before)
    task.result, task.finished_at = progress.text(), None
    deadline = None if polling.timeout is None or task.started_at is None else task.started_at + polling.timeout
    _wait(replay, polling, task, progress, deadline)
    return None


def _wait(replay: Replay, polling: Polling, task: RecordedTask, progress: Progress, deadline: datetime | None) -> NoReturn:
    """Wait for the next call, the last of which comes when the time is up."""
    now = replay.run.now()
    if (deadline is not None and now >= deadline) or progress.calls - progress.before == polling.max_calls:
        try:
            replay.fail(task, WaitTimeout(f"poll of {task.name}, called {progress.calls} times"))
        except WaitTimeout as error:
            raise _with_last(error, progress) from None
    due = now + polling.every
    task.status, task.due_at = Task.Status.WAITING, due if deadline is None else min(due, deadline)
    _suspend(replay, replay.run.write(task), progress)


def _suspend(replay: Replay, task: RecordedTask, progress: Progress) -> NoReturn:
    wait = wait_for(Task.Kind.POLL, task.name, since=task.started_at, calls=progress.calls, until=task.due_at)
    replay.suspend(wait, task.due_at)


def _with_last(error: Exception, progress: Progress) -> Exception:
    if isinstance(error, WaitTimeout):
        error.last = progress.last
    return error
