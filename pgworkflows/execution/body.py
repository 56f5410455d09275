"""Calls made in a body."""

from __future__ import annotations

from typing import Any

from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..exceptions import NotStorable
from ..models import Task
from ..store.records import RecordedTask
from ..values.encoding import digest, dump
from .attempts import attempt
from .recording import failure
from .replay import Replay
from .waits.child import ChildHandle, start_child

#: Why a step may have other arguments when its branch runs in another order.
SHARED = "branches share nothing while they run; read what they write after the gather"


class BodyScope(Replay):
    """What a body calls, over its record."""

    def call_step(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a step from its record, or attempt it."""
        arguments = step.bind(args, kwargs)
        task = self.match(Task.Kind.STEP, step.name, waits=not step.atomic)
        if task is None:
            task = self._new_step(step, arguments)
        elif self.run.checking and task.digest not in (None, self._digest(step, arguments)):
            self.mismatch(f"STEP {step.name} with other arguments", f"{arguments!r}: {SHARED}", self.position)
        if task.status == Task.Status.COMPLETED:
            return self.answer(task)
        if task.status == Task.Status.FAILED:
            raise failure(self.run, task)
        return attempt(self.run, step, task, arguments)

    def _new_step(self, step: Step[..., Any], arguments: dict[str, Any]) -> RecordedTask:
        payload = dump(arguments, f"an argument of step {step.name}") if step.undo is not None else None
        shown = self._digest(step, arguments) if self.position.branch else None
        return RecordedTask(self.position, Task.Kind.STEP, step.name, Task.Status.PENDING, payload=payload, digest=shown)

    def _digest(self, step: Step[..., Any], arguments: dict[str, Any]) -> str:
        try:
            return digest(arguments, f"an argument of step {step.name}")
        except NotStorable:  # such as cannot be told apart by what is stored of them
            return ""

    def start(self, workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> ChildHandle:
        """Start a child, or return the handle of the one that was started here."""
        return start_child(self, workflow, arguments)

    def start_many(self, workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> list[ChildHandle]:
        """Start several children."""
        return [self.start(workflow, call) for call in calls]
