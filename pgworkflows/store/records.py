"""Tasks and events as plain objects: no ORM instances in the hot loop."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class RecordedTask:
    """One task's row, or one to be written; `payload`, `result` and `error` are JSON text."""

    seq: int
    kind: str
    name: str
    status: str
    attempt: int = 0
    payload: str | None = None
    result: str | None = None
    error: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    id: int | None = None
    #: Whether the row exists already.
    stored: bool = False

    @property
    def child(self) -> uuid.UUID | None:
        """The workflow that this task started; None where its payload does not say."""
        try:
            return uuid.UUID(json.loads(self.payload or "")["workflow"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


@dataclass(slots=True)
class WaitingEvent:
    """An event of a workflow that no wait has taken yet."""

    id: int
    name: str
    correlation: str | None
    payload: str | None
