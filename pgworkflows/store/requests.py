"""Asking a running workflow, and its answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..exceptions import WorkflowFinished, WorkflowNotFound
from ..values.encoding import dump
from ..values.people import Person
from ..values.position import Position
from ..values.texts import label
from .actors import current_actor
from .arrays import plain, quoted
from .connection import query, refuse_foreign_transaction

POST = "SELECT request, outcome FROM pgworkflows.post_request(%(workflow)s, %(name)s, %(payload)s::jsonb, %(actor)s, %(channel)s)"


def post(workflow: uuid.UUID, name: str, payload: Any = None, *, by: Person | None = None) -> int:
    """Leave a request for a workflow and return its id; raise WorkflowNotFound or WorkflowFinished."""
    check_name(name)
    refuse_foreign_transaction("ask()")
    actor, text = current_actor(by), dump(payload, f"the payload of request {name!r}")
    parameters = {"workflow": workflow, "name": name, "payload": text, "actor": actor.name, "channel": actor.channel}
    request, outcome = query(POST, parameters)[0]
    if request is None and outcome == "unknown":
        raise WorkflowNotFound(str(workflow))
    if request is None:
        raise WorkflowFinished(str(workflow), outcome, f"ask {name!r} of")
    return int(request)


def check_name(name: str) -> None:
    """Raise TypeError or NotStorable for what cannot be the name of a request."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"A request's name must be text that is not empty, not {name!r}.")
    label(name, "the name of a request")


class Asked(NamedTuple):
    """A request that no wait has taken."""

    id: int
    payload: str | None
    by: str


OLDEST = """
SELECT id, payload::text, asked_by FROM pgworkflows_request
WHERE workflow_id = %(workflow)s AND name = %(name)s AND task_id IS NULL AND answered_at IS NULL AND id <> ALL (%(but)s::bigint[])
ORDER BY id LIMIT 1
"""


def oldest(execute: Callable[..., Any], workflow: uuid.UUID, name: str, but: Collection[int]) -> Asked | None:
    """Read the oldest request of that name that no wait has taken, leaving out some."""
    rows = execute(OLDEST, {"workflow": workflow, "name": name, "but": list(but)})
    return Asked(*rows[0]) if rows else None


@dataclass(slots=True)
class Reply:
    """What becomes of a request: the position of the wait that took it, and the answer or refusal, if there is one yet."""

    taken_at: Position
    ended: bool = False
    answer: str | None = None
    refusal: str | None = None


REPLY = """
SELECT pgworkflows.reply(%(transaction)s::xid8, %(id)s::bigint[], %(workflow)s::uuid[], %(branch)s::text[], %(seq)s::integer[],
  %(ended)s::boolean[], %(answer)s::jsonb[], %(refusal)s::text[])
"""


def reply(execute: Callable[..., Any], transaction: str, given: list[tuple[uuid.UUID, int, Reply]]) -> None:
    """Note which wait took which request of a workflow, and what it was answered."""
    replies = [one for _, _, one in given]
    columns = {
        "id": plain([request for _, request, _ in given]),
        "workflow": plain([workflow for workflow, _, _ in given]),
        "branch": quoted([one.taken_at.branch for one in replies]),
        "seq": plain([one.taken_at.seq for one in replies]),
        "ended": plain([one.ended for one in replies]),
        "answer": quoted([one.answer for one in replies]),
        "refusal": quoted([one.refusal for one in replies]),
    }
    execute(REPLY, columns | {"transaction": transaction})
