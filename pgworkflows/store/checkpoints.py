"""Writing what a batch has done, in as few statements as there are tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .connection import Row
from .records import RecordedTask, WorkflowChange

Execute = Callable[..., list[Row]]


class TransactionGone(Exception):  # noqa: N818 - what happened, for the batch to catch
    """The transaction that holds the claim is no longer the one we are in, or a claim is no longer ours."""


# No ON CONFLICT: (workflow, branch, seq) is the last fence. Nothing is written for a transaction that is gone.
INSERT_TASKS = """
INSERT INTO pgworkflows_task
  (id, workflow_id, branch, seq, kind, name, status, attempt, payload, result, error, due_at, started_at, finished_at)
SELECT COALESCE(t.id, nextval(pg_get_serial_sequence('pgworkflows_task', 'id'))), t.workflow_id, '', t.seq, t.kind, t.name,
  t.status, t.attempt, t.payload::jsonb, t.result::jsonb, t.error::jsonb, t.due_at, t.started_at, t.finished_at
FROM unnest(
  %(id)s::bigint[], %(workflow)s::uuid[], %(seq)s::integer[], %(kind)s::text[], %(name)s::text[], %(status)s::text[],
  %(attempt)s::smallint[], %(payload)s::text[], %(result)s::text[], %(error)s::text[], %(due_at)s::timestamptz[],
  %(started_at)s::timestamptz[], %(finished_at)s::timestamptz[])
  AS t(id, workflow_id, seq, kind, name, status, attempt, payload, result, error, due_at, started_at, finished_at)
WHERE pg_current_xact_id() = %(transaction)s::xid8
"""

UPDATE_TASKS = """
UPDATE pgworkflows_task t
SET status = u.status, attempt = u.attempt, payload = u.payload::jsonb, result = u.result::jsonb, error = u.error::jsonb,
  due_at = u.due_at, started_at = u.started_at, finished_at = u.finished_at
FROM unnest(
  %(id)s::bigint[], %(status)s::text[], %(attempt)s::smallint[], %(payload)s::text[], %(result)s::text[], %(error)s::text[],
  %(due_at)s::timestamptz[], %(started_at)s::timestamptz[], %(finished_at)s::timestamptz[])
  AS u(id, status, attempt, payload, result, error, due_at, started_at, finished_at)
WHERE t.id = u.id AND pg_current_xact_id() = %(transaction)s::xid8
"""

UPDATE_WORKFLOWS = """
UPDATE pgworkflows_workflow w
SET status = u.status, state = u.state, result = u.result::jsonb, error = u.error::jsonb, attributes = u.attributes::jsonb,
  available_at = u.available_at, started_at = COALESCE(w.started_at, %(now)s),
  finished_at = CASE WHEN u.finished THEN pgworkflows.now() END, waiting_for = u.waiting_for, owner_id = u.owner,
  epoch = u.epoch, crashes = 0, cancel_request = u.cancel_request::jsonb, cancel_requested_at = u.cancel_requested_at
FROM unnest(
  %(id)s::uuid[], %(status)s::text[], %(state)s::text[], %(result)s::text[], %(error)s::text[], %(attributes)s::text[],
  %(available_at)s::timestamptz[], %(finished)s::boolean[], %(waiting_for)s::text[], %(owner)s::bigint[],
  %(epoch)s::integer[], %(cancel_request)s::text[], %(cancel_requested_at)s::timestamptz[])
  AS u(id, status, state, result, error, attributes, available_at, finished, waiting_for, owner, epoch, cancel_request,
       cancel_requested_at)
WHERE w.id = u.id AND pg_current_xact_id() = %(transaction)s::xid8
"""

CONSUME_EVENTS = """
UPDATE pgworkflows_event e
SET task_id = t.id, delivered_at = COALESCE(e.delivered_at, pgworkflows.now())
FROM unnest(%(id)s::bigint[], %(workflow)s::uuid[], %(seq)s::integer[]) AS u(id, workflow_id, seq)
JOIN pgworkflows_task t ON t.workflow_id = u.workflow_id AND t.branch = '' AND t.seq = u.seq
WHERE e.id = u.id
"""

# The engine's own events have done their work once they were seen.
DROP_EVENTS = "DELETE FROM pgworkflows_event WHERE id = ANY (%(ids)s::bigint[])"

_INSERTED = (
    "id",
    "seq",
    "kind",
    "name",
    "status",
    "attempt",
    "payload",
    "result",
    "error",
    "due_at",
    "started_at",
    "finished_at",
)
_UPDATED = ("id", "status", "attempt", "payload", "result", "error", "due_at", "started_at", "finished_at")
_CHANGED = (
    "status", "state", "result", "error", "attributes", "available_at", "finished", "waiting_for", "owner", "epoch",
    "cancel_request", "cancel_requested_at",
)  # fmt: skip


def _columns(rows: list[Any], names: tuple[str, ...]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in rows] for name in names}


def insert_tasks(execute: Execute, transaction: str, tasks: list[tuple[uuid.UUID, RecordedTask]]) -> None:
    """Insert the tasks that came new; raise TransactionGone."""
    rows = [task for _, task in tasks]
    parameters = _columns(rows, _INSERTED) | {"workflow": [workflow for workflow, _ in tasks], "transaction": transaction}
    _require(execute(INSERT_TASKS, parameters, count=True), len(rows))


def update_tasks(execute: Execute, transaction: str, tasks: list[RecordedTask]) -> None:
    """Update the tasks that were recorded before; raise TransactionGone."""
    _require(execute(UPDATE_TASKS, _columns(tasks, _UPDATED) | {"transaction": transaction}, count=True), len(tasks))


def update_workflows(
    execute: Execute, transaction: str, now: datetime, changes: dict[uuid.UUID, WorkflowChange], states: dict[str, list[str]]
) -> None:
    """Write where the workflows stand now; `states` are those passed on the way. Raise TransactionGone."""
    if states:
        execute("SELECT set_config('pgworkflows.states', %(states)s, true)", {"states": json.dumps(states)})
    parameters = _columns(list(changes.values()), _CHANGED) | {"id": list(changes), "transaction": transaction, "now": now}
    _require(execute(UPDATE_WORKFLOWS, parameters, count=True), len(changes))
    if states:
        execute("SELECT set_config('pgworkflows.states', '', true)")


def consume_events(execute: Execute, taken: list[tuple[int, uuid.UUID, int]]) -> None:
    """Note which wait took which event: (event, workflow, seq)."""
    ids, workflows, positions = (list(column) for column in zip(*taken, strict=True))
    execute(CONSUME_EVENTS, {"id": ids, "workflow": workflows, "seq": positions})


def drop_events(execute: Execute, ids: list[int]) -> None:
    """Delete the engine's own events that have been seen."""
    execute(DROP_EVENTS, {"ids": ids})


def _require(written: Any, wanted: int) -> None:
    if written != wanted:
        raise TransactionGone(f"{written} of {wanted} rows are still this claim's")
