"""Writing what a batch has done, in as few statements as there are tables."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .records import RecordedTask, WorkflowChange

Execute = Callable[..., Any]


class TransactionGone(Exception):  # noqa: N818 - what happened, for the batch to catch
    """The transaction that holds the claim is no longer the one we are in, or a claim is no longer ours."""


# Rows travel as one JSON text, in which payloads, results and errors already are JSON: nothing is encoded twice.
# No ON CONFLICT: (workflow, branch, seq) is the last fence. Nothing is written for a transaction that is gone.
INSERT_TASKS = """
INSERT INTO pgworkflows_task
  (id, workflow_id, branch, seq, kind, name, status, attempt, payload, result, error, due_at, started_at, finished_at)
SELECT COALESCE(t.id, nextval('pgworkflows_task_id_seq')), t.workflow, '', t.seq, t.kind, t.name, t.status, t.attempt,
  t.payload, t.result, t.error, t.due_at, t.started_at, t.finished_at
FROM json_to_recordset(%(rows)s::json) AS t(
  id bigint, workflow uuid, seq integer, kind text, name text, status text, attempt smallint, payload jsonb, result jsonb,
  error jsonb, due_at timestamptz, started_at timestamptz, finished_at timestamptz)
WHERE pg_current_xact_id() = %(transaction)s::xid8
"""

UPDATE_TASKS = """
UPDATE pgworkflows_task t
SET status = u.status, attempt = u.attempt, payload = u.payload, result = u.result, error = u.error,
  due_at = u.due_at, started_at = u.started_at, finished_at = u.finished_at
FROM json_to_recordset(%(rows)s::json) AS u(
  id bigint, status text, attempt smallint, payload jsonb, result jsonb, error jsonb, due_at timestamptz,
  started_at timestamptz, finished_at timestamptz)
WHERE t.id = u.id AND pg_current_xact_id() = %(transaction)s::xid8
"""

UPDATE_WORKFLOWS = """
UPDATE pgworkflows_workflow w
SET status = u.status, state = u.state, result = u.result, error = u.error, attributes = u.attributes,
  available_at = u.available_at, started_at = COALESCE(w.started_at, %(now)s),
  finished_at = CASE WHEN u.finished THEN pgworkflows.now() END, waiting_for = u.waiting_for, owner_id = u.owner,
  epoch = u.epoch, crashes = u.crashes, cancel_request = u.cancel_request, cancel_requested_at = u.cancel_requested_at
FROM json_to_recordset(%(rows)s::json) AS u(
  id uuid, status text, state text, result jsonb, error jsonb, attributes jsonb, available_at timestamptz, finished boolean,
  waiting_for text, owner bigint, epoch integer, crashes smallint, cancel_request jsonb, cancel_requested_at timestamptz)
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


def _moment(value: datetime | None) -> str:
    return f'"{value.isoformat()}"' if value is not None else "null"


def _task_row(task: RecordedTask, workflow: uuid.UUID | None) -> str:
    placed = f'"workflow":"{workflow}","seq":{task.seq},"kind":"{task.kind}","name":{json.dumps(task.name)},' if workflow else ""
    return (
        f'{{"id":{task.id or "null"},{placed}"status":"{task.status}","attempt":{task.attempt},'
        f'"payload":{task.payload or "null"},"result":{task.result or "null"},"error":{task.error or "null"},'
        f'"due_at":{_moment(task.due_at)},"started_at":{_moment(task.started_at)},"finished_at":{_moment(task.finished_at)}}}'
    )


def _workflow_row(workflow: uuid.UUID, change: WorkflowChange) -> str:
    return (
        f'{{"id":"{workflow}","status":"{change.status}","state":{json.dumps(change.state)},"result":{change.result or "null"},'
        f'"error":{change.error or "null"},"attributes":{change.attributes},"available_at":{_moment(change.available_at)},'
        f'"finished":{"true" if change.finished else "false"},"waiting_for":{json.dumps(change.waiting_for)},'
        f'"owner":{change.owner or "null"},"epoch":{change.epoch},"crashes":{change.crashes},'
        f'"cancel_request":{change.cancel_request or "null"},'
        f'"cancel_requested_at":{_moment(change.cancel_requested_at)}}}'
    )


def insert_tasks(execute: Execute, transaction: str, tasks: list[tuple[uuid.UUID, RecordedTask]]) -> None:
    """Insert the tasks that came new; raise TransactionGone."""
    _write(execute, INSERT_TASKS, [_task_row(task, workflow) for workflow, task in tasks], transaction=transaction)


def update_tasks(execute: Execute, transaction: str, tasks: list[RecordedTask]) -> None:
    """Update the tasks that were recorded before; raise TransactionGone."""
    _write(execute, UPDATE_TASKS, [_task_row(task, None) for task in tasks], transaction=transaction)


def update_workflows(
    execute: Execute, transaction: str, now: datetime, changes: dict[uuid.UUID, WorkflowChange], states: dict[str, list[str]]
) -> None:
    """Write where the workflows stand now; `states` are those passed on the way. Raise TransactionGone."""
    if states:
        execute("SELECT set_config('pgworkflows.states', %(states)s, true)", {"states": json.dumps(states)})
    _write(execute, UPDATE_WORKFLOWS, [_workflow_row(*item) for item in changes.items()], transaction=transaction, now=now)
    if states:
        execute("SELECT set_config('pgworkflows.states', '', true)")


def _write(execute: Execute, sql: str, rows: list[str], **parameters: Any) -> None:
    written = execute(sql, parameters | {"rows": f"[{','.join(rows)}]"}, count=True)
    if written != len(rows):
        raise TransactionGone(f"{written} of {len(rows)} rows are still this claim's")


def consume_events(execute: Execute, taken: list[tuple[int, uuid.UUID, int]]) -> None:
    """Note which wait took which event: (event, workflow, seq)."""
    ids, workflows, positions = (list(column) for column in zip(*taken, strict=True))
    execute(CONSUME_EVENTS, {"id": ids, "workflow": workflows, "seq": positions})


def drop_events(execute: Execute, ids: list[int]) -> None:
    """Delete the engine's own events that have been seen."""
    execute(DROP_EVENTS, {"ids": ids})
