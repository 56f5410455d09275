"""Waiting for an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...exceptions import WaitTimeout
from ...models import Task
from ...models.waits import Wait, wait_for
from ...store.events import check_name, is_on_the_way
from ...store.records import RecordedTask
from ...values.durations import Duration
from ...values.texts import key_text
from ..replay import Answer, Awaited, Replay, current_replay

#: How soon to look again for an event that was sent in time.
SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class AwaitedEvent(Awaited):
    """An event to this workflow, or under the correlation; the oldest that fits."""

    kind = Task.Kind.EVENT
    name: str
    correlation: str | None
    timeout: Duration | None

    def open(self, replay: Replay) -> RecordedTask:
        """Record what it listens to."""
        return replay.task(self.kind, self.name, correlation=self.correlation, due_at=replay.due(self.timeout, self.name))

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Take the oldest that no other wait has taken."""
        run = replay.run
        for event in run.events:
            if event.name == self.name and event.correlation in (None, self.correlation):
                run.events.remove(event)
                run.consumed.append((event.id, task.position))
                return Answer(event.payload)
        if self._may_come(replay, task):
            self.wake(replay, task)
            replay.suspend(self.tell(task), run.now() + SOON)
        return None

    def _may_come(self, replay: Replay, task: RecordedTask) -> bool:
        """Whether its time is up, and an event that was sent in time has not been given to anybody yet."""
        if self.correlation is None or task.due_at is None or task.due_at > replay.run.now():
            return False
        return is_on_the_way(replay.run.batch.transaction.execute, self.name, self.correlation, task.due_at)

    def end(self, task: RecordedTask) -> Answer:
        """Say which event did not come."""
        under = f" ({self.correlation})" if self.correlation is not None else ""
        return Answer(error=WaitTimeout(f"event {self.name}{under}"))

    def wake(self, replay: Replay, task: RecordedTask) -> datetime | None:
        """Have the batch look, once the wait is committed, whether its event came meanwhile."""
        if self.correlation is not None:
            replay.run.batch.opened_waits.append(replay.run.row.id)
        return task.due_at

    def tell(self, task: RecordedTask) -> Wait:
        """Say which."""
        return wait_for(self.kind, self.name, since=task.started_at, correlation=self.correlation, until=task.due_at)


def wait_for_event(name: str, *, correlation: str | int | None = None, timeout: Duration | None = None) -> Any:
    """Return the payload of an event sent to this workflow, or under the correlation; raise WaitTimeout.

    An event that came before is taken at once, oldest first.
    """
    check_name(name)
    if correlation is not None:
        correlation = key_text(correlation, f"wait_for_event({name!r}): the correlation")
    return current_replay("wait_for_event").wait_for(AwaitedEvent(name, correlation, timeout))
