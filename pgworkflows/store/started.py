"""The rows of workflows that were started just now, made from what was written and not read again."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, overload

from ..definitions.workflow import WorkflowFunction
from ..models import Workflow
from ..models.workflow_row import NewWorkflow
from .connection import database

SHARED = [field.name for field in fields(NewWorkflow)]


@cache
def _defaults() -> dict[str, Any]:
    """Return the columns of a new workflow, in order; to make an instance for them is a sixth of a start."""
    return {field.attname: field.get_default() for field in Workflow._meta.concrete_fields}


@dataclass(frozen=True, slots=True)
class Alike:
    """What makes the rows of workflows that were started together."""

    workflow: WorkflowFunction[..., Any]
    new: NewWorkflow
    at: datetime.datetime

    def columns(self) -> dict[str, Any]:
        """Return the columns that they have in common, in order."""
        begins, timeout = self.workflow.run_after or self.at, self.workflow.timeout
        return _defaults() | {name: getattr(self.new, name) for name in SHARED} | {
            "holds_key": self.new.key is not None, "status": str(Workflow.Status.PENDING),
            "created_at": self.at, "available_at": max(begins, self.at),
            "deadline": None if timeout is None else begins + datetime.timedelta(seconds=timeout),
        }  # fmt: skip

    def row(self, own: uuid.UUID, arguments: str) -> Workflow:
        """Make the row of one, given its id and the text of its arguments."""
        kwargs, attributes = json.loads(arguments), dict(self.workflow.attributes)
        columns = self.columns() | {"id": own, "root": own, "kwargs": kwargs, "attributes": attributes, "waiting_for": []}
        row = Workflow.from_db(database().alias, list(columns), list(columns.values()))
        row.created = True
        return row


class StartedWorkflows(Sequence[Workflow]):
    """The workflows of one `start_many()`, in the order of its calls; the row of each is made when it is looked at."""

    def __init__(self) -> None:
        self._rows: list[Workflow | tuple[Alike, uuid.UUID, str]] = []

    def add(self, alike: Alike, ids: Iterable[uuid.UUID], arguments: Iterable[str]) -> None:
        """Append workflows that were started together."""
        self._rows += [(alike, own, text) for own, text in zip(ids, arguments, strict=True)]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Workflow: ...
    @overload
    def __getitem__(self, place: slice) -> list[Workflow]: ...
    def __getitem__(self, place: int | slice) -> Workflow | list[Workflow]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        row = self._rows[place]
        if isinstance(row, tuple):
            alike, own, text = row
            row = self._rows[place] = alike.row(own, text)
        return row

    def __repr__(self) -> str:
        return f"<{len(self)} started workflows>"
