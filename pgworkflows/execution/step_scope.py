"""Calls made inside a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..definitions.scope import current_scope
from ..definitions.step import Step
from ..definitions.workflow import WorkflowFunction
from ..exceptions import NotAllowed
from ..store import starting
from .context import StepInfo


class StepScope:
    """In a step, another step is a plain call, and start() makes an independent workflow."""

    in_body = False

    def __init__(self, *, atomic: bool, info: Callable[[], StepInfo]) -> None:
        self.atomic = atomic
        #: Says which step it is, to whoever asks.
        self.info = info

    def call_step(self, step: Step[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function; refuse an outside step in an atomic one."""
        if self.atomic and not step.atomic:
            raise NotAllowed(
                f"Step {step.name} is atomic=False and was called inside an atomic step, whose transaction may be run "
                "again or rolled back. Call it from the body."
            )
        return step.function(*args, **kwargs)

    def start(self, workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> Any:
        """Start an independent workflow in the step's transaction."""
        return starting.start(workflow, arguments)

    def start_many(self, workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> Any:
        """Start independent workflows in the step's transaction."""
        return starting.start_many(workflow, calls)


def current_step() -> StepInfo:
    """Return the step whose function this is; raise NotAllowed elsewhere."""
    scope = current_scope.get()
    if not isinstance(scope, StepScope):
        raise NotAllowed("current_step() has an answer only in a step that a workflow runs.")
    return scope.info()
