"""Starting workflows in the caller's transaction."""

from __future__ import annotations

import datetime
import json
import uuid
from functools import cache
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType

from .. import signals
from ..definitions.arguments import convert
from ..definitions.workflow import WorkflowFunction
from ..exceptions import KeyConflict
from ..models import Workflow
from ..models.ids import uuid7
from ..models.subject import row_of
from ..values.encoding import TAGGED, dump
from ..values.readable import read_json
from ..values.redaction import redacted
from ..values.texts import check_size, label
from .actors import Actor, requester
from .approvals.snapshots import text_of
from .connection import database, query, refuse_foreign_transaction

CHUNK = 1000

#: A workflow in whose body a start happens: (id, root, whether to allocate a CHILD task's id).
Parent = tuple[uuid.UUID, uuid.UUID]


def start(workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> Workflow:
    """Insert one workflow; with a key that is taken, return the row that has it or raise KeyConflict."""
    return start_many(workflow, [arguments])[0]


def start_many(workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> list[Workflow]:
    """Insert one workflow for each set of arguments, a thousand to a round trip."""
    refuse_foreign_transaction(f"{workflow.name}.start()")
    actor = requester(workflow.requested_by)
    options = _options(workflow, actor)
    started: list[Workflow] = []
    for first in range(0, len(calls), CHUNK):
        chunk = calls[first : first + CHUNK]
        texts = {uuid7(): _arguments_text(workflow, call) for call in chunk}
        rows = {
            row.asked: row
            for row in insert(query, [f'{{"id":"{i}","kwargs":{text},{options}}}' for i, text in texts.items()], actor)
        }
        like = _columns(workflow, next(iter(rows.values())).at, actor)
        for call, (asked, text) in zip(chunk, texts.items(), strict=True):
            started.append(_started(workflow, rows[asked], text, like) or start(workflow, call))
    return started


class Started(NamedTuple):
    """What became of a row that was `asked` for: itself, or the workflow that has its key, with that one's arguments."""

    asked: uuid.UUID
    workflow: uuid.UUID
    created: bool
    at: datetime.datetime
    task: int | None
    kwargs: str | None
    format: int | None


# Guarantees: rows are inserted in key order; a taken key inserts nothing and waits for the transaction that took it.
INSERT_WORKFLOWS = """
SELECT asked, workflow, created, at, task, kwargs, format
FROM pgworkflows.insert_workflows(%(rows)s::jsonb, %(actor)s, %(channel)s)
"""


def insert(run: Any, rows: list[str], actor: Actor) -> list[Started]:
    """Insert rows given as JSON texts; `run` is `query`, or the same on a raw cursor."""
    parameters = {"rows": f"[{','.join(rows)}]", "actor": actor.name, "channel": actor.channel}
    return [Started(*row) for row in run(INSERT_WORKFLOWS, parameters)]


def child_row(workflow: WorkflowFunction[..., Any], arguments: dict[str, Any], parent: Parent, actor: Actor) -> tuple[str, str]:
    """Return the JSON row of a child, and its arguments' text."""
    text = _arguments_text(workflow, arguments)
    family = f'"parent":"{parent[0]}","root":"{parent[1]}","allocate_task":true'
    return f'{{"id":"{uuid7()}","kwargs":{text},{family},{_options(workflow, actor)}}}', text


def scheduled_row(
    workflow: WorkflowFunction[..., Any], arguments: dict[str, Any], schedule: int, moment: datetime.datetime, actor: Actor
) -> str:
    """Return the JSON row of a run that a schedule starts for a time."""
    text = _arguments_text(workflow, arguments)
    times = f'"schedule":{schedule},"scheduled_for":"{moment.isoformat()}"'
    return f'{{"id":"{uuid7()}","kwargs":{text},{times},{_options(workflow, actor)}}}'


def adopt(workflow: WorkflowFunction[..., Any], holder: Started, text: str) -> uuid.UUID:
    """Return the id that has the key; raise KeyConflict unless it was started with the same arguments."""
    stored = str(holder.kwargs)
    if read_json(stored if holder.format == TAGGED else _tagged(workflow, stored)) != read_json(text):
        shown = [redacted(read_json(arguments)) for arguments in (stored, text)]
        raise KeyConflict(workflow.name, str(workflow.key), str(holder.workflow), *shown)
    return holder.workflow


def _tagged(workflow: WorkflowFunction[..., Any], plain: str) -> str:
    """Return arguments that came from SQL as Python stores them, or as they are where they do not fit the signature."""
    try:
        return _arguments_text(workflow, convert(workflow.name, workflow.function, workflow.signature, read_json(plain)))
    except TypeError:
        return plain


def _arguments_text(workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> str:
    parts = [f"{json.dumps(name)}:{dump(value, f'{workflow.name}: argument {name!r}')}" for name, value in arguments.items()]
    return check_size("{" + ",".join(parts) + "}", f"{workflow.name}: the arguments together")


def _options(workflow: WorkflowFunction[..., Any], actor: Actor) -> str:
    """Return what all rows of one start_many share, as the inside of a JSON object."""
    shared: dict[str, Any] = {
        "name": workflow.name,
        "version": workflow.version,
        "key": workflow.key,
        "queue": workflow.queue,
        "priority": workflow.priority,
        "run_after": workflow.run_after.isoformat() if workflow.run_after else None,
        "timeout": workflow.timeout,
        "fingerprint": workflow.fingerprint,
        "format": TAGGED,
        "requested_by": str(actor.pk) if actor.pk is not None else None,
        "requested_by_name": actor.name,
    }
    if workflow.subject is not None:
        model, key = row_of(workflow.subject)
        label(key, f"{workflow.name}: the subject's primary key")
        kind = ContentType.objects.db_manager(database().alias).get_for_model(workflow.subject, for_concrete_model=False)
        shared |= {"subject_type": kind.pk, "subject_label": model, "subject_id": key}
        shared["subject_text"] = text_of(workflow.subject)
    attributes = dump(dict(workflow.attributes), f"{workflow.name}: attributes")
    given = {name: value for name, value in shared.items() if value is not None}
    return json.dumps(given, ensure_ascii=False)[1:-1] + f',"attributes":{attributes}'


@cache
def _defaults() -> dict[str, Any]:
    """Return the columns of a new workflow, in order; to make an instance for them is a sixth of a start."""
    return {field.attname: field.get_default() for field in Workflow._meta.concrete_fields}


def _columns(workflow: WorkflowFunction[..., Any], moment: datetime.datetime, actor: Actor) -> dict[str, Any]:
    """Return the columns, in order, of a workflow that was started at that moment."""
    model, key, text = (*row_of(workflow.subject), text_of(workflow.subject)) if workflow.subject is not None else ("", "", "")
    begins = workflow.run_after or moment
    return _defaults() | {
        "status": str(Workflow.Status.PENDING),
        "name": workflow.name, "version": workflow.version, "queue": workflow.queue,
        "key": workflow.key, "holds_key": workflow.key is not None,
        "priority": workflow.priority, "subject_label": model, "subject_id": key, "subject_text": text,
        "requested_by_id": actor.pk, "requested_by_name": actor.name, "created_at": moment, "available_at": max(begins, moment),
        "fingerprint": workflow.fingerprint,
        "deadline": None if workflow.timeout is None else begins + datetime.timedelta(seconds=workflow.timeout),
    }  # fmt: skip


def _started(workflow: WorkflowFunction[..., Any], row: Started, text: str, like: dict[str, Any]) -> Workflow | None:
    """Return the workflow; None where another had the key, and has been deleted since."""
    alias = database().alias
    if not row.created:
        holder = Workflow.objects.using(alias).filter(pk=adopt(workflow, row, text)).first()
        if holder is not None and holder.is_finished:
            ended = {"name": holder.name, "workflow": holder.pk, "key": holder.key, "status": holder.status}
            signals.ended_run_returned.send_robust(Workflow, **ended)
        return holder
    own = {"id": row.workflow, "root": row.workflow, "kwargs": json.loads(text), "attributes": dict(workflow.attributes)}
    started = Workflow.from_db(alias, list(like), list((like | own).values()))
    started.created = True
    return started
