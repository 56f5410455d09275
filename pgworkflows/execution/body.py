"""Calls made in a body: answered from what is recorded, or done and recorded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..definitions.scope import current_scope
from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..exceptions import NondeterminismError, NotAllowed, WaitTimeout, WorkflowFailed, WorkflowNotFound
from ..models import Approval, Task, Workflow
from ..models.waits import Wait, WaitKind, wait_for
from ..store import starting
from ..store.actors import Actor, requester
from ..store.records import RecordedTask
from ..values.durations import Duration, optional_seconds
from ..values.encoding import dump, load, with_rows
from .attempts import attempt
from .control_flow import Suspended
from .errors import describe, rebuild
from .run import Run

Kind, Status = Task.Kind, Task.Status


class ChildHandle:
    """A workflow that a body started; `result()` waits for it durably."""

    def __init__(self, scope: BodyScope, task: RecordedTask, child: uuid.UUID) -> None:
        self._scope, self._task, self.id = scope, task, child

    def __repr__(self) -> str:
        return f"<child workflow {self.id}>"

    def result(self) -> Any:
        """Return the child's result; raise WorkflowFailed if it did not complete."""
        return self._scope.child_result(self._task, self.id)


class BodyScope:
    """Matches a body's calls against the recorded tasks, in order, by kind and name."""

    in_body = True

    def __init__(self, run: Run) -> None:
        self.run = run
        self.position = 0
        #: What this run of the body has asked, by task; None where it is about to.
        self.asked: dict[int, Approval | None] = {}

    def match(self, kind: str, name: str) -> RecordedTask | None:
        """Take the next position; return what is recorded there, or block the workflow if it is something else."""
        if self.run.stopped:
            raise Suspended
        self.position += 1
        task = self.run.tasks.get(self.position)
        if task is not None and (task.kind != kind or task.name != name):
            self.mismatch(f"{task.kind} {task.name}", f"{kind} {name}", self.position)
        return task

    def mismatch(self, recorded: str, met: str, position: int) -> None:
        """Block the workflow: its code and its record do not agree."""
        row = self.run.row
        self.run.block(NondeterminismError(f"{row.name} v{row.version} {row.id}", position, recorded, met))
        raise Suspended

    def check_end(self, ended: str) -> None:
        """Block the workflow if the body ended before what is recorded of it."""
        left = [t for seq, t in self.run.tasks.items() if seq > self.position and t.kind != Kind.COMPENSATION]
        if left:
            self.mismatch(f"{left[0].kind} {left[0].name}", ended, left[0].seq)

    def call_step(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a step from its record, or attempt it."""
        arguments = step.bind(args, kwargs)
        task = self.match(Kind.STEP, step.name)
        if task is None:
            payload = None
            if step.undo is not None:
                payload = f'{{"arguments":{dump(arguments, f"an argument of step {step.name}")}}}'
            task = RecordedTask(self.position, Kind.STEP, step.name, Status.PENDING, payload=payload)
        elif task.status == Status.COMPLETED:
            return self.answer(task)
        elif task.status == Status.FAILED:
            raise rebuild(str(task.error), step=step.name, attempts=task.attempt)
        return attempt(self.run, step, task, arguments)

    def answer(self, task: RecordedTask) -> Any:
        """Return what is recorded; block the workflow if the code can no longer read it."""
        try:
            return load(task.result)
        except Exception as error:
            self.run.block(error)
            raise Suspended from None

    def record(self, kind: str, name: str, make: Callable[[], Any], what: str) -> Any:
        """Return the recorded value, or make and record one."""
        task = self.match(kind, name)
        if task is None:
            now = self.run.now()
            text = dump(make(), what)
            task = self.run.write(
                RecordedTask(self.position, kind, name, Status.COMPLETED, result=text, started_at=now, finished_at=now)
            )
        return load(task.result)

    def sleep_until(self, due: Callable[[], datetime]) -> None:
        """Wait for a time."""
        task = self.match(Kind.TIMER, "sleep")
        if task is None:
            moment = due()
            task = RecordedTask(self.position, Kind.TIMER, "sleep", Status.WAITING, due_at=moment, started_at=self.run.now())
            self.run.write(task)
        if task.status == Status.COMPLETED:
            return
        assert task.due_at is not None
        if task.due_at > self.run.now():
            self.wait(task, wait_for(WaitKind.TIMER, since=task.started_at, until=task.due_at))
        self.complete(task, None)

    def wait(self, task: RecordedTask, what: Wait) -> None:
        """Stop here until something comes."""
        self.run.stop(Workflow.Status.WAITING, available_at=task.due_at, waiting_for=[what])
        raise Suspended

    def complete(self, task: RecordedTask, text: str | None) -> Any:
        """Record the result of a wait and return it."""
        task.status, task.result, task.finished_at = Status.COMPLETED, text, self.run.now()
        self.run.write(task)
        return load(text)

    def fail(self, task: RecordedTask, error: Exception) -> None:
        """Record that a wait failed, and raise."""
        task.status, task.error, task.finished_at = Status.FAILED, describe(error), self.run.now()
        self.run.write(task)
        raise rebuild(task.error, step=task.name, attempts=1)

    def open_wait(self, kind: str, name: str, payload: str | None, timeout: Duration | None) -> RecordedTask:
        """Return the wait at this position; raise what it failed with."""
        task = self.match(kind, name)
        if task is None:
            now = self.run.now()
            limit = optional_seconds(timeout, what=f"{name}: timeout")
            due = None if limit is None else now + timedelta(seconds=limit)
            task = RecordedTask(self.position, kind, name, Status.WAITING, payload=payload, due_at=due, started_at=now)
            self.run.write(task)
        elif task.status == Status.FAILED:
            raise rebuild(str(task.error), step=name, attempts=1)
        return task

    def wait_for_event(self, name: str, correlation: str | None, timeout: Duration | None) -> Any:
        """Return the payload of the oldest event that fits, or wait for one."""
        payload = json.dumps({"correlation": correlation})
        task = self.open_wait(Kind.EVENT, name, payload, timeout)
        if task.status == Status.COMPLETED:
            return load(task.result)
        for event in self.run.events:
            if event.name == name and event.correlation in (None, correlation):
                self.run.events.remove(event)
                self.run.consumed.append((event.id, task.seq))
                return self.complete(task, event.payload)
        what = f"event {name}" + (f" ({correlation})" if correlation is not None else "")
        if task.due_at is not None and task.due_at <= self.run.now():
            self.fail(task, WaitTimeout(what))
        if correlation is not None:
            self.run.batch.opened_waits.append(self.run.row.id)
        return self.wait(task, wait_for(WaitKind.EVENT, name, since=task.started_at, correlation=correlation, until=task.due_at))

    def start(self, workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> ChildHandle:
        """Start a child, or return the handle of the one that was started here."""
        task = self.match(Kind.CHILD, workflow.name)
        if task is None:
            row = self.run.row
            actor = Actor(pk=row.requested_by, name=row.requested_by_name, channel="worker")
            if workflow.requested_by is not None:
                with self.run.batch.transaction.own_queries():
                    actor = replace(requester(with_rows(workflow.requested_by)), channel="worker")
            with self.run.batch.transaction.own_queries():
                text, stored = starting.child_row(workflow, arguments, (row.id, row.root), actor)
            (child,) = starting.insert(self.run.batch.transaction.execute, [text], actor)
            if not child.created:
                starting.adopt(workflow, child, stored)
                self.run.batch.opened_waits.append(row.id)
            payload = json.dumps({"workflow": str(child.workflow)})
            task = RecordedTask(
                self.position, Kind.CHILD, workflow.name, Status.WAITING, payload=payload, started_at=child.at, id=child.task
            )
            self.run.write(task)
        if task.child is None:
            self.run.block(
                ValueError(f"task {task.seq}, CHILD {task.name}, does not say which workflow it started: {task.payload}")
            )
            raise Suspended
        return ChildHandle(self, task, task.child)

    def start_many(self, workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> list[ChildHandle]:
        """Start several children."""
        return [self.start(workflow, call) for call in calls]

    def child_result(self, task: RecordedTask, child: uuid.UUID) -> Any:
        """Return the child's result, or wait for it."""
        if self.run.stopped:
            raise Suspended
        if current_scope.get() is not self:
            raise NotAllowed(
                f"result() of child {task.name} is for the body that started it. Pass the result on, not the handle."
            )
        if task.status == Status.COMPLETED:
            return self.answer(task)
        if task.status == Status.FAILED:
            raise rebuild(str(task.error), step=task.name, attempts=1)
        found = self.run.children.get(child)
        if found is None and task.stored:
            return self.fail(task, WorkflowNotFound(f"{child}, the child {task.name}, which was deleted"))
        if found is None or not found[5]:
            return self.wait(task, wait_for(WaitKind.CHILD, task.name, since=task.started_at, workflow=str(child)))
        _, name, status, result, message, _ = found
        if status == Workflow.Status.COMPLETED:
            return self.complete(task, result)
        return self.fail(task, WorkflowFailed(name, str(child), status, message or ""))
