"""Tasks and events as plain objects: no ORM instances in the hot loop."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..values.position import Position


@dataclass(slots=True)
class RecordedTask:
    """One task's row, or one to be written; `any_of`, `payload`, `result` and `error` are JSON text."""

    position: Position
    kind: str
    name: str
    status: str
    attempt: int = 0
    correlation: str | None = None
    any_of: str | None = None
    child: uuid.UUID | None = None
    compensates: int | None = None
    payload: str | None = None
    result: str | None = None
    error: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    id: int | None = None
    #: The how-manieth of its workflow to end.
    ended: int | None = None
    digest: str | None = None
    #: Whether the row exists already.
    stored: bool = False


class Child(NamedTuple):
    """How a workflow stands that another waits for."""

    id: uuid.UUID
    name: str
    status: str
    result: str | None
    error: str | None
    ended: bool


@dataclass(slots=True)
class WaitingEvent:
    """An event of a workflow that no wait has taken yet."""

    id: int
    name: str
    correlation: str | None
    payload: str | None
