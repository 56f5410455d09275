"""What a workflow's body calls."""

from __future__ import annotations

import json
import random as _random
import uuid as _uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from ..definitions.durations import Duration, seconds
from ..definitions.encoding import encode, storable_text
from ..definitions.scope import current_scope
from ..exceptions import NotAllowed
from ..models import Task
from .approval import ApprovalOutcome, wait_for_approval
from .body import BodyScope

Kind = Task.Kind


def _body(verb: str) -> BodyScope:
    scope = current_scope.get()
    if scope is None or not scope.in_body:
        raise NotAllowed(f"{verb}() is for a workflow's body: only there it can be recorded. Call it outside steps.")
    return cast(BodyScope, scope)


def sleep(duration: Duration) -> None:
    """Wait for a length of time; the waiting workflow is a row and nothing else."""
    body, length = _body("sleep"), seconds(duration, what="sleep()")
    body.sleep_until(lambda: body.run.now() + timedelta(seconds=length))


def sleep_until(moment: datetime) -> None:
    """Wait until a time, which must have a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"sleep_until({moment}) has no time zone. Use django.utils.timezone.")
    _body("sleep_until").sleep_until(lambda: moment)


def wait_for_event(name: str, *, correlation: str | None = None, timeout: Duration | None = None) -> Any:
    """Return the payload of an event sent to this workflow, or under the correlation; raise WaitTimeout.

    An event that came before is taken at once, oldest first.
    """
    if not isinstance(name, str) or not name or name.startswith("$"):
        raise TypeError(f"An event's name must be text that is not empty and does not begin with $, not {name!r}.")
    if correlation is not None and not isinstance(correlation, str):
        raise TypeError(f"wait_for_event({name!r}): correlation must be text, not {correlation!r}.")
    storable_text(name, "wait_for_event(): the name")
    storable_text(correlation or "", f"wait_for_event({name!r}): the correlation")
    return _body("wait_for_event").wait_for_event(name, correlation, timeout)


def request_approval(
    title: str,
    *,
    description: str = "",
    users: Iterable[Any] = (),
    groups: Iterable[Any] = (),
    quorum: int = 1,
    subject: Any = None,
    requested_by: Any = None,
    allow_self_approval: bool = False,
    attributes: Mapping[str, Any] | None = None,
    timeout: Duration | None = None,
    on_timeout: Literal["expire", "reject"] = "expire",
) -> ApprovalOutcome:
    """Ask people, and wait durably until `quorum` of them agreed or one did not; `users` and `groups` as rows or names.

    `subject` and `requested_by` default to the workflow's.
    """
    if quorum < 1:
        raise ValueError(f"request_approval(quorum={quorum}) must be 1 or more.")
    if on_timeout not in ("expire", "reject"):
        raise ValueError(f"request_approval(on_timeout={on_timeout!r}) must be 'expire' or 'reject'.")
    fields = {
        "title": storable_text(title, "request_approval(title=)"),
        "description": storable_text(description, "request_approval(description=)"),
        "quorum": quorum,
        "allow_self_approval": allow_self_approval,
        "attributes": encode(dict(attributes or {}), "request_approval(attributes=)"),
    }
    return wait_for_approval(
        _body("request_approval"), fields, users=list(users), groups=list(groups), subject=subject,
        requested_by=requested_by, timeout=timeout, on_timeout=on_timeout,
    )  # fmt: skip


def set_state(state: str) -> None:
    """Set the business's own state of this workflow; every one leaves a row in the history."""
    if not isinstance(state, str):
        raise TypeError(f"set_state() takes text, not {state!r}.")
    storable_text(state, "set_state(): the state")
    body = _body("set_state")
    seen = body.position
    known = body.run.tasks.get(seen + 1)
    body.record(Kind.STATE, state, lambda: None, "a state")
    if known is None:
        body.run.state = state
        body.run.states.append(state)


def set_attributes(**attributes: Any) -> None:
    """Add or replace searchable labels of this workflow."""
    body, given = _body("set_attributes"), encode(attributes, "set_attributes()")
    known = body.run.tasks.get(body.position + 1)
    body.record(Kind.VALUE, "set_attributes", lambda: None, "attributes")
    if known is None:
        body.run.attributes = json.dumps(json.loads(body.run.attributes) | given)


def now() -> datetime:
    """Return the time; the same on every replay."""
    body = _body("now")
    moment: datetime = body.record(Kind.VALUE, "now", body.run.now, "now()")
    return moment


def uuid4() -> _uuid.UUID:
    """Return a random UUID; the same on every replay."""
    made: _uuid.UUID = _body("uuid4").record(Kind.VALUE, "uuid4", _uuid.uuid4, "uuid4()")
    return made


def random() -> float:
    """Return a random number from 0 up to 1; the same on every replay."""
    made: float = _body("random").record(Kind.VALUE, "random", _random.random, "random()")
    return made
