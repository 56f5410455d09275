"""Waiting for being asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from ...exceptions import NotAllowed, WaitTimeout
from ...models import Task
from ...models.waits import Wait, wait_for
from ...store import requests
from ...store.records import RecordedTask
from ...store.requests import Reply
from ...values.durations import Duration, optional_seconds
from ...values.encoding import dump
from ...values.position import Position
from ...values.texts import prose
from ..replay import Answer, Awaited, Replay, current_replay


@dataclass(frozen=True)
class AwaitedRequest(Awaited):
    """The oldest request of that name to this workflow that no other wait has taken."""

    kind = Task.Kind.REQUEST
    name: str
    timeout: Duration | None

    def open(self, replay: Replay) -> RecordedTask:
        """Record that it may be asked."""
        return replay.task(self.kind, self.name, due_at=replay.due(self.timeout, self.name))

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Take the oldest; who asks later wakes the workflow, in the order of their commits."""
        run = replay.run
        asked = requests.oldest(run.batch.transaction.execute, run.row.id, self.name, run.replies)
        if asked is None:
            return None
        run.replies[asked.id] = Reply(task.position)
        head = json.dumps({"request": asked.id, "by": asked.by})
        return Answer(f'{head[:-1]}, "payload": {asked.payload or "null"}}}')

    def end(self, task: RecordedTask) -> Answer:
        """Say that nobody asked."""
        return Answer(error=WaitTimeout(f"request {self.name}"))

    def tell(self, task: RecordedTask) -> Wait:
        """Say which."""
        return wait_for(self.kind, self.name, since=task.started_at, until=task.due_at)


class OpenRequest:
    """What a body was asked, to be answered or refused once, there."""

    def __init__(self, replay: Replay, name: str, taken_at: Position, request: int, by: str, payload: Any) -> None:
        self.name, self.by, self.payload = name, by, payload
        self._replay, self._taken_at, self._id = replay, taken_at, request
        self._ended = ""

    def __repr__(self) -> str:
        return f"<request {self.name!r} #{self._id}>"

    def answer(self, value: Any = None) -> None:
        """Give the answer; it commits with the step before it."""
        text = dump(value, f"the answer to request {self.name!r}")
        self._end("answer", "answered", lambda: Reply(self._taken_at, ended=True, answer=text))

    def refuse(self, reason: str) -> None:
        """Refuse it: who asked gets RequestRefused with that reason."""
        text = prose(reason, f"request {self.name!r}: why it is refused")
        self._end("refuse", "refused", lambda: Reply(self._taken_at, ended=True, refusal=text))

    def _end(self, verb: str, ended: str, reply: Callable[[], Reply]) -> None:
        replay = current_replay(verb)
        if replay is not self._replay:
            self._refuse("is for the body that was asked")
        if self._ended:
            self._refuse(f"was {self._ended} before, which is final")
        self._ended = ended

        def change() -> None:
            replay.run.replies[self._id] = reply()

        replay.record(Task.Kind.VALUE, f"{verb} {self.name}", change, f"request {self.name!r}")

    def _refuse(self, why: str) -> NoReturn:
        raise NotAllowed(f"Request {self.name!r} #{self._id} of workflow {self._replay.run.row.id} {why}.")


def wait_for_request(name: str, *, timeout: Duration | None = None) -> OpenRequest:
    """Return the oldest request of that name, to be answered or refused; raise WaitTimeout where nobody asks in time.

    One that came before is taken at once. What is not answered when the workflow ends is refused then.
    """
    requests.check_name(name)
    optional_seconds(timeout, what=f"wait_for_request({name!r}, timeout=)")
    replay = current_replay("wait_for_request")
    asked = replay.wait_for(AwaitedRequest(name, timeout))
    return OpenRequest(replay, name, replay.position, **asked)
