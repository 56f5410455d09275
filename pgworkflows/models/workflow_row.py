"""What a start writes of a workflow's row, what a batch reads of it, and what it writes: said here once.

Statements and SQL functions are made from it. Each field is the column of that name, as the model declares it; JSON travels as
text.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Field

from .workflow import Workflow


@dataclass(slots=True, kw_only=True)
class NewWorkflow:
    """What the workflows of one start have in common; an id and its kwargs are each one's own, and moments the database's."""

    name: str
    version: int
    queue: str
    priority: int
    key: str | None
    attributes: str
    subject_type_id: int | None = None
    subject_id: str = ""
    subject_label: str = ""
    subject_text: str = ""
    requested_by_id: Any
    requested_by_name: str
    fingerprint: str
    format: int
    schedule: int | None = None
    scheduled_for: datetime | None = None


@dataclass(slots=True)
class ClaimedWorkflow:
    """A workflow's row under this transaction's lock, as the claim reads it."""

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
    requested_by_id: Any
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
    owner_id: int | None
    fingerprint: str
    scheduled_for: datetime | None

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


@dataclass(slots=True, kw_only=True)
class WorkflowChange:
    """Where a workflow stands after a batch, as the flush writes it to the row."""

    id: uuid.UUID
    status: str
    state: str
    result: str | None
    error: str | None
    attributes: str
    available_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    waiting_for: str
    owner_id: int | None
    wake_at: datetime | None
    epoch: int
    crashes: int
    cancel_request: str | None
    cancel_requested_at: datetime | None


def columns(record: type[NewWorkflow] | type[ClaimedWorkflow] | type[WorkflowChange]) -> Iterator[Field[Any, Any]]:
    """Yield the model's fields of a record, in order."""
    declared = {field.attname: field for field in Workflow._meta.concrete_fields}
    return (declared[field.name] for field in fields(record))
