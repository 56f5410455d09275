"""Starting a child, and waiting for its result."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ...definitions.scope import current_scope
from ...definitions.workflow import WorkflowFunction
from ...exceptions import NotAllowed, WorkflowFailed, WorkflowNotFound
from ...models import Task, Workflow
from ...models.ids import uuid7
from ...models.waits import Wait, wait_for
from ...store import claims, starting
from ...store.actors import Actor, requester
from ...store.records import RecordedTask
from ...values.encoding import with_rows
from ..control_flow import Suspended
from ..replay import Answer, Awaited, Replay


@dataclass(frozen=True)
class AwaitedChild(Awaited):
    """A workflow that the body starts; it runs whether its result is waited for or not."""

    kind = Task.Kind.CHILD
    workflow: WorkflowFunction[..., Any]
    arguments: dict[str, Any]

    @property
    def name(self) -> str:  # type: ignore[override] # read only here
        """The name of its definition."""
        return self.workflow.name

    @classmethod
    def read(cls, execute: Callable[..., Any], tasks: list[RecordedTask]) -> Any:
        """Read how the children stand."""
        return claims.load_children(execute, [task.child for task in tasks if task.child is not None])

    def open(self, replay: Replay) -> RecordedTask:
        """Start it."""
        run = replay.run
        row, transaction = run.row, run.batch.transaction
        actor = Actor(pk=row.requested_by_id, name=row.requested_by_name, channel="worker")
        if self.workflow.requested_by is not None:
            with transaction.own_queries():
                actor = replace(requester(with_rows(self.workflow.requested_by)), channel="worker")
        with transaction.own_queries():
            text, new, own = (
                starting.arguments_text(self.workflow, self.arguments),
                starting.describe(self.workflow, actor),
                uuid7(),
            )
            child = starting.insert(transaction.execute, self.workflow, new, [own], [text], actor, (row.id, row.root))
        holder = starting.adopt(self.workflow, child, text)
        if holder is not None:
            run.batch.opened_waits.append(row.id)
        return replay.task(self.kind, self.name, child=holder or own, started_at=child.at, id=child.task)

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Take its result, or say how else it ended."""
        found = replay.run.read.get(self.kind, {}).get(task.child)
        if found is None and task.stored:
            return Answer(error=WorkflowNotFound(f"{task.child}, the child {task.name}, which was deleted"))
        if found is None or not found.ended:
            return None
        if found.status == Workflow.Status.COMPLETED:
            return Answer(found.result)
        return Answer(error=WorkflowFailed(found.name, str(task.child), found.status, found.error or ""))

    def tell(self, task: RecordedTask) -> Wait:
        """Say which."""
        return wait_for(self.kind, self.name, since=task.started_at, workflow=str(task.child))


@dataclass(frozen=True)
class ChildOfAnotherBranch(AwaitedChild):
    """A child that another branch has started, or the body: each branch has a wait for it of its own."""

    child: uuid.UUID

    def open(self, replay: Replay) -> RecordedTask:
        """Record that this branch waits, and have the batch look whether the child ended meanwhile."""
        replay.run.batch.opened_waits.append(replay.run.row.id)
        return replay.task(self.kind, self.name, child=self.child)


class ChildHandle:
    """A workflow that a body started; `result()` waits for it durably."""

    def __init__(self, replay: Replay, awaited: AwaitedChild, task: RecordedTask, child: uuid.UUID) -> None:
        self._replay, self._awaited, self._task, self.id = replay, awaited, task, child

    def __repr__(self) -> str:
        return f"<child workflow {self.id}>"

    def result(self) -> Any:
        """Return the child's result; raise WorkflowFailed if it did not complete."""
        where: object = current_scope.get()
        if where is self._replay:
            self._replay.end_if_stopped()
            if self._task.status not in (Task.Status.COMPLETED, Task.Status.FAILED):
                self._replay.end_if_cancelled(waits=True)
            return self._replay.look(self._awaited, self._task)
        if isinstance(where, Replay) and where.run is self._replay.run:
            return where.wait_for(ChildOfAnotherBranch(self._awaited.workflow, self._awaited.arguments, self.id))
        raise NotAllowed(
            f"result() of child {self._awaited.name} is for the body that started it. Pass the result on, not the handle."
        )


def start_child(replay: Replay, workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> ChildHandle:
    """Start a child, or return the handle of the one that was started here."""
    awaited = AwaitedChild(workflow, arguments)
    task = replay.match(awaited.kind, awaited.name, waits=False)
    if task is None:
        task = replay.run.write(awaited.open(replay))
    if task.child is None:
        replay.run.block(ValueError(f"task {task.position}, CHILD {task.name}, does not say which workflow it started"))
        raise Suspended
    return ChildHandle(replay, awaited, task, task.child)
