"""Waiting for an event, or for the first of several."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, overload

from ...definitions.step import bound_call
from ...exceptions import WaitTimeout
from ...models import Task
from ...models.waits import Wait, wait_for
from ...store.events import check_name, is_on_the_way
from ...store.records import RecordedTask, WaitingEvent
from ...values.durations import Duration, optional_seconds, seconds
from ...values.texts import key_text, label
from ..replay import Answer, Awaited, Replay, current_replay

#: How soon to look again for an event that was sent in time.
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Received:
    """Which of several events came, and what it brought."""

    name: str
    payload: Any


@dataclass(frozen=True)
class AwaitedEvent(Awaited):
    """One of these events, to this workflow or under the correlation; the oldest that fits."""

    kind = Task.Kind.EVENT
    names: tuple[str, ...]
    correlation: str | None
    #: None for no limit; it counts from `begun`, where other waits for the same have gone before.
    timeout: timedelta | None
    #: How long until it is reminded of.
    every: timedelta | None = None
    begun: datetime | None = None

    @property
    def name(self) -> str:  # type: ignore[override] # read only here
        """Its event, or all of them."""
        return " or ".join(self.names)

    def open(self, replay: Replay) -> RecordedTask:
        """Record what it listens to."""
        plain = len(self.names) == 1 and self.every is None
        any_of = None if plain else json.dumps(self.names)
        task = replay.task(self.kind, self.name, correlation=self.correlation, any_of=any_of)
        task.due_at = self._deadline(task)
        if self.every is not None:
            reminder = replay.run.now() + self.every
            task.due_at = reminder if task.due_at is None else min(reminder, task.due_at)
        return task

    def _deadline(self, task: RecordedTask) -> datetime | None:
        begun = self.begun or task.started_at
        return None if self.timeout is None or begun is None else begun + self.timeout

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Take the oldest that no other wait has taken."""
        run = replay.run
        for event in run.events:
            if event.name in self.names and event.correlation in (None, self.correlation):
                run.events.remove(event)
                run.consumed.append((event.id, task.position))
                return Answer(event.payload if task.any_of is None else _named(event))
        if self._may_come(replay, task):
            self.wake(replay, task)
            replay.suspend(self.tell(task), run.now() + SOON)
        return None

    def _may_come(self, replay: Replay, task: RecordedTask) -> bool:
        """Whether its time is up, and an event that was sent in time has not been given to anybody yet."""
        if self.correlation is None or task.due_at is None or task.due_at > replay.run.now():
            return False
        return is_on_the_way(replay.run.batch.transaction.execute, self.names, self.correlation, task.due_at)

    def end(self, task: RecordedTask) -> Answer:
        """Say which event did not come, or bring nothing where a reminder follows."""
        deadline = self._deadline(task)
        if self.every is not None and (deadline is None or task.due_at is None or task.due_at < deadline):
            return Answer()
        under = f" ({self.correlation})" if self.correlation is not None else ""
        return Answer(error=WaitTimeout(f"event {self.name}{under}"))

    def wake(self, replay: Replay, task: RecordedTask) -> datetime | None:
        """Have the batch look, once the wait is committed, whether its event came meanwhile."""
        if self.correlation is not None:
            replay.run.batch.opened_waits.append(replay.run.row.id)
        return task.due_at

    def tell(self, task: RecordedTask) -> Wait:
        """Say which."""
        since = self.begun or task.started_at
        return wait_for(self.kind, self.name, since=since, correlation=self.correlation, until=self._deadline(task))


@overload
def wait_for_event(
    name: str,
    *,
    correlation: str | int | None = None,
    timeout: Duration | None = None,
    remind_every: Duration | None = None,
    remind: Callable[[], object] | None = None,
) -> Any: ...
@overload
def wait_for_event(
    name: list[str] | tuple[str, ...],
    *,
    correlation: str | int | None = None,
    timeout: Duration | None = None,
    remind_every: Duration | None = None,
    remind: Callable[[], object] | None = None,
) -> Received: ...
def wait_for_event(
    name: str | list[str] | tuple[str, ...],
    *,
    correlation: str | int | None = None,
    timeout: Duration | None = None,
    remind_every: Duration | None = None,
    remind: Callable[[], object] | None = None,
) -> Any:
    """Return the payload of an event sent to this workflow, or under the correlation; raise WaitTimeout.

    Of several names, as in `["paid", "cancelled"]`, the first to come is returned as `Received(name, payload)`. An event that
    came before is taken at once, oldest first. Each `remind_every` that nothing has come, `remind` is called: a step, or a
    `partial` of one with its arguments.
    """
    names = _checked_names(name)
    if correlation is not None:
        correlation = key_text(correlation, f"wait_for_event({name!r}): the correlation")
    limit = optional_seconds(timeout, what=f"wait_for_event({name!r}, timeout=)")
    awaited = AwaitedEvent(names, correlation, None if limit is None else timedelta(seconds=limit))
    if (remind is None) != (remind_every is None):
        raise TypeError(f"wait_for_event({name!r}): remind_every= and remind= belong together.")
    if remind_every is not None:
        awaited = replace(awaited, every=_checked_reminder(name, remind_every, remind))
    received = _wait_and_remind(current_replay("wait_for_event"), awaited, remind)
    return received.payload if isinstance(name, str) else received


def _wait_and_remind(replay: Replay, awaited: AwaitedEvent, remind: Callable[[], object] | None) -> Received:
    """Wait from reminder to reminder: each wait and each reminder is a task."""
    while True:
        value = replay.wait_for(awaited)
        task = replay.run.tasks[replay.position]
        if task.any_of is None:
            return Received(awaited.name, value)
        if value is not None:
            return Received(**value)
        awaited = replace(awaited, begun=awaited.begun or task.started_at)
        if remind is not None:
            remind()


def _named(event: WaitingEvent) -> str:
    return f'{{"name": {json.dumps(event.name)}, "payload": {event.payload or "null"}}}'


def _checked_names(name: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name) if isinstance(name, list | tuple) else (name,)
    for one in names:
        check_name(one)
    if not names or len(set(names)) != len(names):
        raise TypeError(f"wait_for_event({name!r}) needs the name of an event, or several that differ.")
    label(" or ".join(names), f"wait_for_event({name!r}): the names together")
    return names


def _checked_reminder(name: object, every: Duration, remind: object) -> timedelta:
    what = f"wait_for_event({name!r}, remind"
    step, args, kwargs = bound_call(remind, f"{what}=)")
    step.bind(args, kwargs)
    length = seconds(every, what=f"{what}_every=)")
    if not length:
        raise ValueError(f"{what}_every=) must be longer than nothing.")
    return timedelta(seconds=length)
