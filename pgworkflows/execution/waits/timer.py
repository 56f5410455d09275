"""Waiting for a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...models import Task
from ...models.waits import Wait, wait_for
from ...store.records import RecordedTask
from ...values.durations import Duration, seconds
from ...values.durations import moment as as_moment
from ..replay import Answer, Awaited, Replay, current_replay


@dataclass(frozen=True)
class AwaitedTime(Awaited):
    """A time, made when the wait opens."""

    kind = Task.Kind.TIMER
    due: Callable[[], datetime]
    name: str = "sleep"

    def open(self, replay: Replay) -> RecordedTask:
        """Record when it ends."""
        return replay.task(self.kind, self.name, due_at=self.due())

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Nothing comes but the time itself."""
        return None

    def end(self, task: RecordedTask) -> Answer:
        """Go on."""
        return Answer()

    def tell(self, task: RecordedTask) -> Wait:
        """Say until when."""
        return wait_for(self.kind, since=task.started_at, until=task.due_at)


def sleep(duration: Duration) -> None:
    """Wait for a length of time; the waiting workflow is a row and nothing else."""
    replay, length = current_replay("sleep"), seconds(duration, what="sleep()")
    replay.wait_for(AwaitedTime(lambda: replay.run.now() + timedelta(seconds=length)))


def sleep_until(moment: datetime) -> None:
    """Wait until a time, which must have a time zone unless USE_TZ is off."""
    due = as_moment(moment, what="sleep_until()")
    current_replay("sleep_until").wait_for(AwaitedTime(lambda: due))
