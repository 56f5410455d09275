"""The replay record: a body's calls answered from what is recorded, or done and recorded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, NoReturn, cast

from ..definitions.scope import current_scope
from ..exceptions import Cancelled, NondeterminismError, NotAllowed, WaitTimeout
from ..models import Approval, Task
from ..models.waits import Wait
from ..store.records import RecordedTask
from ..values.durations import Duration, optional_seconds
from ..values.encoding import dump, load
from ..values.position import Position
from .branches.cuts import Cut
from .control_flow import Suspended
from .errors import describe, rebuild
from .leaving import MOST_CAUGHT, calling_line, leave
from .run import Run

#: So often a branch that is cancelled may catch that and wait again.
MOST_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a wait has brought: JSON text, or the error to raise."""

    text: str | None = None
    error: Exception | None = None


class Awaited(ABC):
    """A call that waits. Each kind has a file in `waits/`, with the verb that bodies call."""

    kind: ClassVar[str]
    #: The kinds of which something is read for all waits of a batch at once.
    read_together: ClassVar[dict[str, type[Awaited]]] = {}

    name: str

    def __init_subclass__(cls) -> None:
        if "read" in vars(cls):
            Awaited.read_together[cls.kind] = cls

    @classmethod
    def read(cls, execute: Callable[..., Any], tasks: list[RecordedTask]) -> Any:
        """Read what open waits of this kind will look at, in one statement; `Run.read` holds it by kind."""
        raise NotImplementedError

    @abstractmethod
    def open(self, replay: Replay) -> RecordedTask:
        """Return the task that records the wait, made by `replay.task()`."""

    @abstractmethod
    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Return what has come, or None."""

    @abstractmethod
    def tell(self, task: RecordedTask) -> Wait:
        """Return what a person reads of it while it waits, as models/waits.py says."""

    def end(self, task: RecordedTask) -> Answer:
        """Return what it brings when its time is up."""
        return Answer(error=WaitTimeout(self.name))

    def wake(self, replay: Replay, task: RecordedTask) -> datetime | None:
        """Return when to look again, if nothing wakes the workflow before."""
        return task.due_at


class Replay:
    """Matches a body's calls against the recorded tasks, in order, by kind and name."""

    in_body = True

    def __init__(self, run: Run, branch: str = "", cut: Cut | None = None) -> None:
        self.run = run
        self.position = Position(branch, 0)
        #: Where this branch is cancelled, if it is, and whether it has got there.
        self.cut, self.cancelled = cut, False
        #: How often it was told so.
        self.told = 0
        #: How often what ends it for now was raised in vain.
        self.caught = 0
        #: What this run of the body has asked, by task; None where it is about to.
        self.asked: dict[Position, Approval | None] = {}

    @property
    def suspended(self) -> bool:
        """Whether this branch, or all of the body, is not to go on."""
        return self.run.stopped or self.position.branch in self.run.suspended

    def end_if_stopped(self) -> None:
        """Raise Suspended where the body is not to go on; where that is caught each time, leave it all the same."""
        if self.suspended:
            self.caught += 1
            if self.caught > MOST_CAUGHT:
                leave(self.caught)
            raise Suspended

    def end_if_cancelled(self, *, waits: bool) -> None:
        """Raise Cancelled where this branch is cut, and from there on wherever it would wait."""
        if self.cut is None:
            return
        reached = not self.cancelled and self.position.seq + 1 >= self.cut.seq
        if reached:
            self.cancelled, self.position = True, self.position.next
        if reached or (self.cancelled and waits):
            self._end_if_deaf()
            raise Cancelled(self.cut.reason)

    def _end_if_deaf(self) -> None:
        self.told += 1
        if self.told > MOST_TOLD:
            self.run.block(
                RuntimeError(f"{calling_line()} catches Cancelled and goes on, {MOST_TOLD} times by now. Let it pass.")
            )
            raise Suspended

    def match(self, kind: str, name: str, *, waits: bool = True) -> RecordedTask | None:
        """Take the next position; return what is recorded there, or block the workflow if it is something else.

        What `waits` raises Cancelled in a branch that is cancelled.
        """
        self.end_if_stopped()
        self.end_if_cancelled(waits=waits)
        return self.take(kind, name)

    def take(self, kind: str, name: str) -> RecordedTask | None:
        """Take the next position, cancelled or not."""
        self.position = self.position.next
        task = self.run.tasks.get(self.position)
        if task is not None and (task.kind != kind or task.name != name):
            self.mismatch(f"{task.kind} {task.name}", f"{kind} {name}", self.position)
        return task

    def mismatch(self, recorded: str, met: str, position: Position) -> None:
        """Block the workflow: its code and its record do not agree."""
        row = self.run.row
        self.run.block(NondeterminismError(f"{row.name} v{row.version} {row.id}", str(position), recorded, met))
        raise Suspended

    def check_end(self, ended: str) -> None:
        """Block the workflow if the body ended before what is recorded of it."""
        if self.run.furthest(self.position.branch) <= self.position.seq:
            return
        left = [t for where, t in self.run.tasks.items() if where.is_after(self.position) and t.kind != Task.Kind.COMPENSATION]
        if left:
            self.mismatch(f"{left[0].kind} {left[0].name}", ended, left[0].position)

    def task(self, kind: str, name: str, status: str = Task.Status.WAITING, **columns: Any) -> RecordedTask:
        """Make the record of what begins at this position now."""
        columns.setdefault("started_at", self.run.now())
        return RecordedTask(self.position, kind, name, status, **columns)

    def due(self, timeout: Duration | None, what: str) -> datetime | None:
        """Return when a wait that begins now ends at the latest."""
        limit = optional_seconds(timeout, what=f"{what}: timeout")
        return None if limit is None else self.run.now() + timedelta(seconds=limit)

    def record(self, kind: str, name: str, make: Callable[[], Any], what: str) -> Any:
        """Return the recorded value, or make and record one."""
        task = self.match(kind, name, waits=False)
        if task is None:
            now = self.run.now()
            text = dump(make(), what)
            task = self.task(kind, name, Task.Status.COMPLETED, result=text, started_at=now, finished_at=now)
            self.run.write(task)
        return load(task.result)

    def answer(self, task: RecordedTask) -> Any:
        """Return what is recorded; block the workflow if the code can no longer read it."""
        try:
            return load(task.result)
        except Exception as error:
            self.run.block(error)
            raise Suspended from None

    def wait_for(self, awaited: Awaited) -> Any:
        """Open a wait, or find it recorded; return what it brings, or wait."""
        task = self.match(awaited.kind, awaited.name)
        return self.look(awaited, self.run.write(awaited.open(self)) if task is None else task)

    def look(self, awaited: Awaited, task: RecordedTask) -> Any:
        """Return what an open wait has brought, raise what it failed with, or wait."""
        if task.status == Task.Status.COMPLETED:
            return self.answer(task)
        if task.status == Task.Status.FAILED:
            raise rebuild(str(task.error), step=task.name, attempts=1)
        answer = awaited.look(self, task)
        if answer is None and task.due_at is not None and task.due_at <= self.run.now():
            answer = awaited.end(task)
        if answer is None:
            self.suspend(awaited.tell(task), awaited.wake(self, task))
        if answer.error is not None:
            self.fail(task, answer.error)
        return self.complete(task, answer.text)

    def suspend(self, wait: Wait, due: datetime | None) -> NoReturn:
        """Stop here until something comes, or that time."""
        self.run.park(self.position.branch, due, wait, listens=True)
        raise Suspended

    def complete(self, task: RecordedTask, text: str | None) -> Any:
        """Record the result of a wait and return it."""
        task.status, task.result, task.finished_at = Task.Status.COMPLETED, text, self.run.now()
        self.run.write(task)
        return load(text)

    def fail(self, task: RecordedTask, error: Exception) -> NoReturn:
        """Record that a wait failed, and raise."""
        task.status, task.error, task.finished_at = Task.Status.FAILED, describe(error, step=task.name), self.run.now()
        self.run.write(task)
        raise rebuild(task.error, step=task.name, attempts=1)


def current_replay(verb: str) -> Replay:
    """Return the record of the body that calls; raise NotAllowed anywhere else."""
    scope = current_scope.get()
    if scope is None or not scope.in_body:
        raise NotAllowed(f"{verb}() is for a workflow's body: only there it can be recorded. Call it outside steps.")
    return cast(Replay, scope)


def read_together(execute: Callable[..., Any], tasks: Iterable[RecordedTask]) -> dict[str, Any]:
    """Read what the open waits of a batch will look at, by kind."""
    waits: dict[str, list[RecordedTask]] = {}
    for task in tasks:
        if task.status == Task.Status.WAITING and task.kind in Awaited.read_together:
            waits.setdefault(task.kind, []).append(task)
    return {kind: Awaited.read_together[kind].read(execute, opened) for kind, opened in waits.items()}
