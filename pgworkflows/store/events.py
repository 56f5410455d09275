"""Sending events, and delivering them without ever waiting for a workflow's row."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ..exceptions import WorkflowFinished, WorkflowNotFound
from ..values.encoding import dump
from ..values.people import Person
from ..values.position import Position
from ..values.texts import key_text, label
from .actors import current_actor
from .connection import query, refuse_foreign_transaction

POST = "SELECT pgworkflows.post_event(%(workflow)s, %(name)s, %(payload)s::jsonb, %(key)s, %(actor)s)"


def send_to(workflow: uuid.UUID, name: str, payload: Any, *, key: str | int | None, by: Person | None) -> bool:
    """Insert an event for one workflow; return whether it waits for one. Raise WorkflowNotFound or WorkflowFinished."""
    check_name(name)
    refuse_foreign_transaction("send_event()")
    text = dump(payload, f"the payload of event {name!r}")
    parameters = {"workflow": workflow, "name": name, "payload": text, "key": _key(name, key), "actor": current_actor(by).name}
    outcome = query(POST, parameters)[0][0]
    if outcome == "unknown":
        raise WorkflowNotFound(str(workflow))
    if outcome not in ("sent", "early", "again"):
        raise WorkflowFinished(str(workflow), outcome, f"send event {name!r} to")
    return bool(outcome != "early")


POST_CORRELATED = "SELECT pgworkflows.post_correlated(%(name)s, %(correlation)s, %(payload)s::jsonb, %(key)s, %(actor)s)"


def send_event(
    name: str, payload: Any = None, *, correlation: str | int, key: str | int | None = None, by: Person | None = None
) -> bool:
    """Send an event under a correlation: kept until a workflow waits for it, then given to the oldest that waits.

    Return whether one waits for it, or the same name, correlation and key were sent before, which sends nothing.
    """
    check_name(name)
    if correlation is None or correlation == "":
        raise TypeError(f"send_event({name!r}): correlation must be text that is not empty, not {correlation!r}.")
    correlation = key_text(correlation, f"event {name!r}: the correlation")
    refuse_foreign_transaction("send_event()")
    text = dump(payload, f"the payload of event {name!r}")
    actor = current_actor(by).name
    parameters = {"name": name, "correlation": correlation, "payload": text, "key": _key(name, key), "actor": actor}
    return bool(query(POST_CORRELATED, parameters)[0][0] != "early")


def check_name(name: str) -> None:
    """Raise TypeError or NotStorable for what cannot be the name of an event."""
    if not isinstance(name, str) or not name or name.startswith("$"):
        raise TypeError(f"An event's name must be text that is not empty and does not begin with $, not {name!r}.")
    label(name, "the name of an event")


def _key(name: str, key: str | int | None) -> str | None:
    return None if key is None else key_text(key, f"event {name!r}: the key")


def deliver(most: int = 500) -> int:
    """Take undelivered events, oldest first, and wake who waits for them; return how many are dealt with."""
    return int(query("SELECT pgworkflows.deliver(%(most)s)", {"most": most})[0][0])


def look_again(workflows: list[uuid.UUID] | None = None) -> int:
    """Match open waits with correlated events; those of all workflows where none are given."""
    return int(query("SELECT pgworkflows.look_again(%(workflows)s::uuid[])", {"workflows": workflows})[0][0])


ON_THE_WAY = """
SELECT EXISTS (SELECT FROM pgworkflows_event
WHERE name = ANY (%(names)s::text[]) AND correlation = %(correlation)s AND workflow_id IS NULL AND delivered_at IS NULL
  AND sent_at <= %(until)s)
"""


def is_on_the_way(execute: Callable[..., Any], names: Sequence[str], correlation: str, until: datetime) -> bool:
    """Whether an event of one of these names that was sent until then is still to be given to somebody who waits."""
    return bool(execute(ON_THE_WAY, {"names": list(names), "correlation": correlation, "until": until})[0][0])


# For whoever runs the workflow after this process is gone. An event waits for no lock: the workflow's row is still locked,
# and once it is free it is too late.
LEAVE_WORD = """
INSERT INTO pgworkflows_event (workflow_id, name, key, payload, sent_at, sent_by, parked)
SELECT id, %(name)s, NULL, %(payload)s::jsonb, pgworkflows.now(), %(worker)s, false
FROM pgworkflows_workflow WHERE id = %(workflow)s
"""


def report_overrun(workflow: uuid.UUID, position: Position, worker: str) -> None:
    """Leave word that an attempt overran its time."""
    payload = json.dumps({"branch": position.branch, "seq": position.seq})
    query(LEAVE_WORD, {"workflow": workflow, "name": "$timeout", "payload": payload, "worker": worker})


def report_hang(workflow: uuid.UUID, worker: str) -> None:
    """Leave word that its worker hangs in it."""
    query(LEAVE_WORD, {"workflow": workflow, "name": "$hanging", "payload": "{}", "worker": worker})
