"""Starting workflows in the caller's transaction."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import SmallIntegerField

from .. import signals
from ..definitions.arguments import convert
from ..definitions.workflow import WorkflowFunction
from ..exceptions import KeyConflict
from ..models import Workflow
from ..models.ids import uuid7
from ..models.subject import row_of
from ..models.workflow_row import NewWorkflow, columns
from ..values.encoding import TAGGED, dump
from ..values.readable import read_json
from ..values.redaction import redacted
from ..values.texts import check_size, label
from .actors import Actor, requester
from .approvals.snapshots import text_of
from .arrays import plain, quoted
from .connection import database, query, refuse_foreign_transaction
from .started import SHARED, Alike, StartedWorkflows

CHUNK = 1000

#: The workflow in whose body a start happens: (id, root).
Parent = tuple[uuid.UUID | None, uuid.UUID | None]
NO_PARENT: Parent = (None, None)


def start(workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> Workflow:
    """Insert one workflow; with a key that is taken, return the row that has it or raise KeyConflict."""
    text = arguments_text(workflow, arguments)
    refuse_foreign_transaction(f"{workflow.name}.start()")
    return _start(workflow, text, requester(workflow.requested_by))


def start_many(workflow: WorkflowFunction[..., Any], calls: list[dict[str, Any]]) -> Sequence[Workflow]:
    """Insert one workflow for each set of arguments, a thousand to a round trip; those of one key are one workflow."""
    texts = [arguments_text(workflow, arguments) for arguments in calls]
    refuse_foreign_transaction(f"{workflow.name}.start_many()")
    actor = requester(workflow.requested_by)
    if workflow.key is not None:
        return [_start(workflow, text, actor) for text in texts]
    new, started = describe(workflow, actor), StartedWorkflows()
    for first in range(0, len(texts), CHUNK):
        chunk = texts[first : first + CHUNK]
        ids = [uuid7() for _ in chunk]
        at = insert(query, workflow, new, ids, chunk, actor).at
        started.add(Alike(workflow, new, at), ids, chunk)
    return started


def _start(workflow: WorkflowFunction[..., Any], text: str, actor: Actor) -> Workflow:
    new = describe(workflow, actor)
    while True:
        own = uuid7()
        started = insert(query, workflow, new, [own], [text], actor)
        holder = adopt(workflow, started, text)
        if holder is None:
            return Alike(workflow, new, started.at).row(own, text)
        found = Workflow.objects.using(database().alias).filter(pk=holder).first()
        if found is None:  # deleted since
            continue
        if found.is_finished:
            ended = {"name": found.name, "workflow": found.pk, "key": found.key, "status": found.status}
            signals.ended_run_returned.send_robust(Workflow, **ended)
        return found


class Started(NamedTuple):
    """When workflows were started, and the id of a child's task; or who has the key, with its arguments."""

    at: datetime.datetime
    task: int | None
    holder: uuid.UUID | None
    kwargs: str | None
    format: int | None


# A number in a statement is no smallint by itself.
VALUES = ", ".join(f"%({field.attname})s" + "::smallint" * isinstance(field, SmallIntegerField) for field in columns(NewWorkflow))
# Guarantees: a taken key inserts nothing and waits for the transaction that took it.
INSERT_WORKFLOWS = f"""
SELECT at, task, holder, holder_kwargs, holder_format
FROM pgworkflows.insert_workflows(%(actor)s, %(channel)s, %(ids)s, %(arguments)s, %(run_after)s, %(timeout)s, %(parent)s,
  %(root)s, {VALUES})
"""


def insert(
    run: Callable[..., Any],
    workflow: WorkflowFunction[..., Any],
    new: NewWorkflow,
    ids: list[uuid.UUID],
    arguments: Sequence[str],
    actor: Actor,
    parent: Parent = NO_PARENT,
) -> Started:
    """Insert rows; `run` is `query`, or the same on a raw cursor."""
    parameters = {name: getattr(new, name) for name in SHARED} | {
        "actor": actor.name, "channel": actor.channel, "ids": plain(ids), "arguments": quoted(arguments),
        "run_after": workflow.run_after, "timeout": workflow.timeout, "parent": parent[0], "root": parent[1],
        "requested_by_id": None if new.requested_by_id is None else str(new.requested_by_id),
    }  # fmt: skip
    (row,) = run(INSERT_WORKFLOWS, parameters)
    return Started(*row)


class Planned(NamedTuple):
    """A run that a schedule starts for a time."""

    workflow: WorkflowFunction[..., Any]
    new: NewWorkflow
    arguments: str


def scheduled(
    workflow: WorkflowFunction[..., Any], arguments: dict[str, Any], schedule: int, moment: datetime.datetime, actor: Actor
) -> Planned:
    """Plan a run; raise NotStorable."""
    new = describe(workflow, actor)
    new.schedule, new.scheduled_for = schedule, moment
    return Planned(workflow, new, arguments_text(workflow, arguments))


def start_planned(runs: Iterable[Planned], actor: Actor) -> list[uuid.UUID]:
    """Insert runs in the order of their keys, so that no two wait for each other; return the ids of those that began."""
    rows = [_planned_row(run) for run in sorted(runs, key=lambda run: (run.new.name, run.new.key or ""))]
    parameters = {"runs": f"[{','.join(rows)}]", "actor": actor.name, "channel": actor.channel}
    return [own for (own,) in query(_insert_planned(), parameters)] if rows else []


def _planned_row(run: Planned) -> str:
    others = {name: getattr(run.new, name) for name in SHARED if name != "attributes"} | {"timeout": run.workflow.timeout}
    text = json.dumps(others, default=str, ensure_ascii=False)[1:-1]
    return f'{{"id":"{uuid7()}","arguments":{run.arguments},"attributes":{run.new.attributes},{text}}}'


# In one round trip what `insert` does for each.
INSERT_PLANNED = """
SELECT r.id FROM jsonb_to_recordset(%(runs)s::jsonb) AS r(id uuid, arguments jsonb, timeout double precision, {typed})
CROSS JOIN LATERAL pgworkflows.insert_workflows(%(actor)s, %(channel)s, ARRAY[r.id], ARRAY[r.arguments], NULL, r.timeout, NULL,
  NULL, {values}) i
WHERE i.holder IS NULL
"""


@cache
def _insert_planned() -> str:
    shared = {field.attname: field.rel_db_type(database()) for field in columns(NewWorkflow)}
    typed = ", ".join(f'"{name}" {kind}' for name, kind in shared.items())
    return INSERT_PLANNED.format(typed=typed, values=", ".join(f'r."{name}"' for name in shared))


def adopt(workflow: WorkflowFunction[..., Any], started: Started, text: str) -> uuid.UUID | None:
    """Return the id of who has the key, None for nobody; raise KeyConflict unless it was started with the same arguments."""
    if started.holder is None:
        return None
    stored = str(started.kwargs)
    if read_json(stored if started.format == TAGGED else _tagged(workflow, stored)) != read_json(text):
        shown = [redacted(read_json(arguments)) for arguments in (stored, text)]
        raise KeyConflict(workflow.name, str(workflow.key), str(started.holder), *shown)
    return started.holder


def _tagged(workflow: WorkflowFunction[..., Any], plain: str) -> str:
    """Return arguments that came from SQL as Python stores them, or as they are where they do not fit the signature."""
    try:
        return arguments_text(workflow, convert(workflow.name, workflow.function, workflow.signature, read_json(plain)))
    except TypeError:
        return plain


def arguments_text(workflow: WorkflowFunction[..., Any], arguments: dict[str, Any]) -> str:
    """Return arguments as JSON text; raise NotStorable naming the one that cannot be stored."""
    parts = [_label(name) + dump(value, f"{workflow.name}: argument {name!r}") for name, value in arguments.items()]
    return check_size("{" + ",".join(parts) + "}", f"{workflow.name}: the arguments together")


@cache
def _label(name: str) -> str:
    return json.dumps(name) + ":"


def describe(workflow: WorkflowFunction[..., Any], actor: Actor) -> NewWorkflow:
    """Return what the workflows of one start have in common."""
    new = NewWorkflow(
        name=workflow.name, version=workflow.version, queue=workflow.queue, priority=workflow.priority, key=workflow.key,
        attributes=dump(dict(workflow.attributes), f"{workflow.name}: attributes"), requested_by_id=actor.pk,
        requested_by_name=actor.name, fingerprint=workflow.fingerprint, format=TAGGED,
    )  # fmt: skip
    if workflow.subject is not None:
        new.subject_label, new.subject_id = row_of(workflow.subject)
        label(new.subject_id, f"{workflow.name}: the subject's primary key")
        types = ContentType.objects.db_manager(database().alias)
        new.subject_type_id = types.get_for_model(workflow.subject, for_concrete_model=False).pk
        new.subject_text = text_of(workflow.subject)
    return new
