"""Calls made in a body."""

from __future__ import annotations

from typing import Any

from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..models import Task
from ..store.records import RecordedTask
from ..values.encoding import dump
from .attempts import attempt
from .errors import rebuild
from .replay import Replay
from .waits.child import ChildHandle, start_child


class BodyScope(Replay):
    """What a body calls, over its record."""

    def call_step(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a step from its record, or attempt it."""
        before = self.position
        task = self.match(Task.Kind.STEP, step.name)
        if task is not None and task.status == Task.Status.COMPLETED:
            return self.answer(task)
        if task is not None and task.status == Task.Status.FAILED:
            raise rebuild(str(task.error), step=step.name, attempts=task.attempt)
        try:
            arguments = step.bind(args, kwargs)
        except TypeError:
            self.position = before  # what is no call takes no place
            raise
        if task is None:
            payload = None
            if step.undo is not None:
                payload = dump(arguments, f"an argument of step {step.name}")
            task = RecordedTask(self.position, Task.Kind.STEP, step.name, Task.Status.PENDING, payload=payload)
        return attempt(self.run, step, task, arguments)

    def start(self, workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> ChildHandle:
        """Start a child, or return the handle of the one that was started here."""
        return start_child(self, workflow, arguments)

    def start_many(self, workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> list[ChildHandle]:
        """Start several children."""
        return [self.start(workflow, call) for call in calls]
