"""Writing what a batch has done, in as few statements as there are tables."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import DateTimeField, Field, JSONField, TextField

from ..models.workflow_row import WorkflowChange, columns
from ..values.position import Position
from .arrays import moments, plain, quoted
from .records import RecordedTask

Execute = Callable[..., Any]


class TransactionGone(Exception):  # noqa: N818 - what happened, for the batch to catch
    """The transaction that holds the claim is no longer the one we are in, or a claim is no longer ours."""


# Guarantees: a position that is taken raises IntegrityError; nothing is written for a transaction that is gone.
INSERT_TASKS = """
SELECT pgworkflows.insert_tasks(%(transaction)s::xid8, %(id)s::bigint[], %(workflow)s::uuid[], %(branch)s::text[],
  %(seq)s::integer[], %(kind)s::text[], %(name)s::text[], %(status)s::text[], %(attempt)s::integer[], %(correlation)s::text[],
  %(any_of)s::jsonb[], %(child)s::uuid[], %(compensates)s::bigint[], %(payload)s::jsonb[],
  %(result)s::jsonb[], %(error)s::jsonb[], %(due_at)s::timestamptz[], %(started_at)s::timestamptz[],
  %(finished_at)s::timestamptz[], %(ended)s::integer[], %(digest)s::text[])
"""

UPDATE_TASKS = """
SELECT pgworkflows.update_tasks(%(transaction)s::xid8, %(workflow)s::uuid[], %(id)s::bigint[], %(status)s::text[],
  %(attempt)s::integer[], %(result)s::jsonb[], %(error)s::jsonb[], %(due_at)s::timestamptz[], %(started_at)s::timestamptz[],
  %(finished_at)s::timestamptz[], %(ended)s::integer[])
"""

CHANGED = list(columns(WorkflowChange))
UPDATE_WORKFLOWS = f"""
SELECT pgworkflows.update_workflows(%(transaction)s::xid8, {", ".join(f"%({field.attname})s" for field in CHANGED)})
"""

CONSUME_EVENTS = """
UPDATE pgworkflows_event e
SET task_id = t.id, delivered_at = COALESCE(e.delivered_at, pgworkflows.now())
FROM unnest(%(id)s::bigint[], %(workflow)s::uuid[], %(branch)s::text[], %(seq)s::integer[]) AS u(id, workflow_id, branch, seq)
JOIN pgworkflows_task t ON t.workflow_id = u.workflow_id AND t.branch = u.branch AND t.seq = u.seq
WHERE e.id = u.id
"""

CLOSE_BRANCHES = """
SELECT pgworkflows.close_branches(%(workflow)s::uuid[], %(branch)s::text[], %(seq)s::integer[], %(children)s::uuid[],
  %(events)s::bigint[])
"""

# The engine's own events have done their work once they were seen.
DROP_EVENTS = "DELETE FROM pgworkflows_event WHERE id = ANY (%(ids)s::bigint[])"


#: A workflow, and a task of it.
Recorded = tuple[uuid.UUID, RecordedTask]


def _task_columns(given: list[Recorded]) -> dict[str, str]:
    tasks = [task for _, task in given]
    return {
        "workflow": plain([workflow for workflow, _ in given]),
        "id": plain([task.id for task in tasks]),
        "status": plain([task.status for task in tasks]),
        "attempt": plain([task.attempt for task in tasks]),
        "result": quoted([task.result for task in tasks]),
        "error": quoted([task.error for task in tasks]),
        "due_at": moments([task.due_at for task in tasks]),
        "started_at": moments([task.started_at for task in tasks]),
        "finished_at": moments([task.finished_at for task in tasks]),
        "ended": plain([task.ended for task in tasks]),
    }


def insert_tasks(execute: Execute, transaction: str, given: list[Recorded]) -> None:
    """Insert the tasks that came new; raise TransactionGone."""
    tasks = [task for _, task in given]
    columns = _task_columns(given) | {
        "branch": quoted([task.position.branch for task in tasks]),
        "seq": plain([task.position.seq for task in tasks]),
        "kind": plain([task.kind for task in tasks]),
        "name": quoted([task.name for task in tasks]),
        "correlation": quoted([task.correlation for task in tasks]),
        "any_of": quoted([task.any_of for task in tasks]),
        "child": plain([task.child for task in tasks]),
        "compensates": plain([task.compensates for task in tasks]),
        "payload": quoted([task.payload for task in tasks]),
        "digest": quoted([task.digest for task in tasks]),
    }
    _write(execute, INSERT_TASKS, columns | {"transaction": transaction}, len(tasks))


def update_tasks(execute: Execute, transaction: str, given: list[Recorded]) -> None:
    """Update the tasks that were recorded before; raise TransactionGone."""
    _write(execute, UPDATE_TASKS, _task_columns(given) | {"transaction": transaction}, len(given))


def update_workflows(execute: Execute, transaction: str, changes: list[WorkflowChange]) -> None:
    """Write where the workflows stand now; raise TransactionGone."""
    written = {field.attname: _array(field)([getattr(change, field.attname) for change in changes]) for field in CHANGED}
    _write(execute, UPDATE_WORKFLOWS, written | {"transaction": transaction}, len(changes))


def _array(field: Field[Any, Any]) -> Callable[[list[Any]], str]:
    """Return what makes an array literal of a column's values."""
    return quoted if isinstance(field, TextField | JSONField) else moments if isinstance(field, DateTimeField) else plain


def _write(execute: Execute, sql: str, parameters: dict[str, Any], rows: int) -> None:
    written = execute(sql, parameters)[0][0]
    if written != rows:
        raise TransactionGone(f"{written} of {rows} rows are still this claim's")


def consume_events(execute: Execute, taken: list[tuple[int, uuid.UUID, Position]]) -> None:
    """Note which wait took which event: (event, workflow, position)."""
    ids, workflows, positions = (list(column) for column in zip(*taken, strict=True))
    branches, seqs = [position.branch for position in positions], [position.seq for position in positions]
    execute(CONSUME_EVENTS, {"id": ids, "workflow": workflows, "branch": branches, "seq": seqs})


def drop_events(execute: Execute, ids: list[int]) -> None:
    """Delete the engine's own events that have been seen."""
    execute(DROP_EVENTS, {"ids": ids})


def close_branches(
    execute: Execute, approvals: list[tuple[uuid.UUID, Position]], children: list[uuid.UUID], events: list[int]
) -> None:
    """Close the approvals and stop the children of branches that were cancelled; give back the events that their waits had."""
    columns = {
        "workflow": plain([workflow for workflow, _ in approvals]),
        "branch": quoted([position.branch for _, position in approvals]),
        "seq": plain([position.seq for _, position in approvals]),
    }
    execute(CLOSE_BRANCHES, columns | {"children": plain(children), "events": plain(events)})
