"""What a body or a step may ask about itself."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..definitions.scope import current_scope
from ..exceptions import NotAllowed
from ..values.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowInfo:
    """The workflow that runs: `subject` is a reference in a body."""

    id: uuid.UUID
    name: str
    version: int
    key: str | None
    kwargs: dict[str, Any]
    subject: Any
    requested_by: Any
    requested_by_name: str
    #: The nominal time that its schedule started it for, in UTC; None where no schedule did.
    scheduled_for: datetime | None = None
    recorded_attributes: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def attributes(self) -> dict[str, Any]:
        """The labels it had when its worker took it up; raise NotAllowed in a body, which may meet others at its next replay."""
        scope = current_scope.get()
        if scope is not None and scope.in_body:
            raise NotAllowed("attributes of current_workflow() may be others at the next replay: read them in a step.")
        return self.recorded_attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """The step that runs. Every attempt has the same `idempotency_key`; a compensation's `compensates` is what it undoes.

    `call` counts the calls of a poll from 0, each of which has a key of its own.
    """

    name: str
    attempt: int
    workflow: uuid.UUID
    position: Position
    compensates: StepInfo | None = None
    call: int = 0

    @property
    def idempotency_key(self) -> str:
        """The key that every attempt at this position of the workflow carries, also after a retry."""
        call = f"/{self.call}" if self.call else ""
        return str(uuid.uuid5(self.workflow, f"{self.position.branch}/{self.position.seq}{call}"))


workflow_info: ContextVar[WorkflowInfo | None] = ContextVar("pgworkflows_workflow", default=None)


def current_workflow() -> WorkflowInfo:
    """Return the workflow whose body or step this is; raise NotAllowed elsewhere."""
    info = workflow_info.get()
    if info is None:
        raise NotAllowed("current_workflow() has an answer only in a workflow's body and in its steps.")
    return info
