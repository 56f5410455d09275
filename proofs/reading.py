"""What is there after a run, read from the tables and the ledger once, at the end."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from . import ledger
from .model import expect, explain
from .plan import Start

WORKFLOWS = """
SELECT id::text, (kwargs ->> 'number')::integer, kwargs ->> 'prefix', version, status, result::text, error ->> 'type',
  finished_at IS NULL, started_at
FROM pgworkflows_workflow WHERE name IN ('proofs.program', 'proofs.alone')
"""
TASKS = """
SELECT workflow_id::text, id, seq, kind, name, status, attempt, result::text, started_at, due_at
FROM pgworkflows_task ORDER BY workflow_id, seq
"""
HISTORY = """
SELECT workflow::text, id, at, task, approval, event, from_status, to_status, state, actor
FROM pgworkflows_history WHERE workflow IS NOT NULL ORDER BY id
"""
TELL = """
SELECT id, at, event, from_status, to_status, state, attempt, actor, note FROM pgworkflows_history
WHERE workflow = %(workflow)s::uuid ORDER BY id
"""


class WorkflowRow(NamedTuple):
    """One workflow as it stands."""

    id: str
    number: int
    prefix: str
    version: int
    status: str
    result: str | None
    error: str | None
    unfinished: bool
    started_at: datetime | None


class TaskRow(NamedTuple):
    """One task as it stands."""

    workflow: str
    id: int
    seq: int
    kind: str
    name: str
    status: str
    attempt: int
    result: str | None
    started_at: datetime | None
    due_at: datetime | None


class HistoryRow(NamedTuple):
    """One line of a workflow's history."""

    workflow: str
    id: int
    at: datetime
    task: int | None
    approval: int | None
    event: str
    from_status: str
    to_status: str
    state: str
    actor: str


Owned = TypeVar("Owned", TaskRow, HistoryRow)


class Reading:
    """All rows of a run, by workflow."""

    def __init__(self, ledger_path: Path) -> None:
        from pgworkflows.store.connection import query

        self.workflows: dict[tuple[int, str], list[WorkflowRow]] = defaultdict(list)
        for row in map(WorkflowRow._make, query(WORKFLOWS)):
            self.workflows[row.number, row.prefix].append(row)
        self.tasks = _by_workflow(map(TaskRow._make, query(TASKS)))
        self.history = _by_workflow(map(HistoryRow._make, query(HISTORY)))
        self.effects = Counter(tuple(row) for row in query("SELECT number, label, kind FROM proofs_row"))
        self.accounts: dict[int, int] = dict(query("SELECT id, units FROM proofs_account"))
        self.calls = ledger.by_call(ledger.read(ledger_path))


def _by_workflow(rows: Iterable[Owned]) -> dict[str, list[Owned]]:
    groups: dict[str, list[Owned]] = defaultdict(list)
    for row in rows:
        groups[row.workflow].append(row)
    return groups


def tell(starts: list[Start], number: int, reading: Reading) -> str:
    """Return one workflow's program, what should have come of it, and the history of all that did."""
    from pgworkflows.store.connection import query

    lines: list[str] = []
    for start in (start for start in starts if start.number == number):
        lines += [f"program {number}, started by {start.how}:", json.dumps(start.program)]
        lines += [json.dumps(explain(end), indent=1) for end in expect(start)]
    for (owner, prefix), rows in reading.workflows.items():
        if owner == number:
            for row in rows:
                lines.append(f"history of {number}/{prefix} ({row.id}), {row.status}:")
                lines += ["  " + " | ".join(map(str, entry)) for entry in query(TELL, {"workflow": row.id})]
    return "\n".join(lines)
