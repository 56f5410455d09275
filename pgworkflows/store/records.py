"""What a claim reads and a checkpoint writes, as plain objects: no ORM instances in the hot loop."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class ClaimedWorkflow:
    """A workflow's row under this transaction's lock; the fields stand in the order in which the claim reads them."""

    id: uuid.UUID
    name: str
    version: int
    status: str
    state: str
    queue: str
    kwargs: str
    format: int
    key: str | None
    attributes: str
    subject_label: str
    subject_id: str
    requested_by: Any
    requested_by_name: str
    root: uuid.UUID
    created_at: datetime
    started_at: datetime | None
    available_at: datetime | None
    deadline: datetime | None
    cancel_requested_at: datetime | None
    cancel_request: str | None
    error: str | None
    epoch: int
    crashes: int
    owner: int | None
    fingerprint: str


@dataclass(slots=True)
class RecordedTask:
    """One task's row, or one to be written; `payload`, `result` and `error` are JSON text."""

    seq: int
    kind: str
    name: str
    status: str
    attempt: int = 0
    correlation: str | None = None
    child: uuid.UUID | None = None
    compensates: int | None = None
    payload: str | None = None
    result: str | None = None
    error: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    id: int | None = None
    #: Whether the row exists already.
    stored: bool = False


@dataclass(slots=True)
class WaitingEvent:
    """An event of a workflow that no wait has taken yet."""

    id: int
    name: str
    correlation: str | None
    payload: str | None


@dataclass(slots=True, kw_only=True)
class WorkflowChange:
    """What a checkpoint writes to a workflow's row."""

    status: str
    state: str
    result: str | None
    error: str | None
    attributes: str
    available_at: datetime | None
    finished: bool
    waiting_for: str
    owner: int | None
    epoch: int
    crashes: int
    cancel_request: str | None
    cancel_requested_at: datetime | None
