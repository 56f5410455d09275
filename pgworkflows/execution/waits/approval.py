"""Waiting for people's decision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from ...exceptions import NotAllowed
from ...models import Approval
from ...models.subject import row_of
from ...store.actors import Actor, requester
from ...store.approvals.stages import Question
from ...values.durations import Duration, optional_seconds
from ...values.encoding import dump, path_of, with_rows
from ...values.people import Person
from ...values.texts import label, prose
from ..replay import current_replay
from ..stages import ApprovalOutcome, go_through_stages

if TYPE_CHECKING:
    from django.forms import Form

    from ...definitions.workflow import WorkflowFunction

#: The most bytes of an approval's title, which is the subject of an e-mail too.
LONGEST_TITLE = 2000


def request_approval(
    title: str,
    *,
    description: str = "",
    users: Iterable[Any] = (),
    groups: Iterable[Any] = (),
    policy: str | None = None,
    quorum: int = 1,
    subject: Any = None,
    requested_by: Person | None = None,
    allow_self_approval: bool = False,
    form: type[Form] | None = None,
    attributes: Mapping[str, Any] | None = None,
    timeout: Duration | None = None,
    on_timeout: Literal["expire", "escalate", "reject"] = "expire",
    escalate_to: Iterable[Any] = (),
    remind_every: Duration | None = None,
) -> ApprovalOutcome:
    """Ask people, and wait durably through all stages and rounds; return how it ended.

    Either `policy` names the published policy whose stages are asked, or `users` and `groups` (rows or names) and `quorum`
    say who and how many. `subject` and `requested_by` default to the workflow's. A policy's conditions see the subject's
    snapshot and `attributes`. `timeout` is for each stage that has no time limit of its own; after it the request expires,
    counts as rejected, or is put to `escalate_to` as well, for the same time once more. `form`, declared in
    `@workflow(forms=[...])`, is what who approves has to fill in.

    Raises ValueError for who does not exist, and NotAllowed where fewer could decide than have to.
    """
    replay, where = current_replay("request_approval"), "request_approval"
    users, groups, escalate_to = list(users), list(groups), list(escalate_to)
    limit, reminder = (
        optional_seconds(timeout, what=f"{where}(timeout=)"),
        optional_seconds(remind_every, what=f"{where}(remind_every=)"),
    )
    _check_question(policy, users, groups, quorum, on_timeout, escalate_to, limit, reminder)
    shared: dict[str, Any] = {
        "title": label(title, f"{where}(title=)", most=LONGEST_TITLE),
        "description": prose(description, f"{where}(description=)"),
        "policy": policy if policy is None else label(policy, f"{where}(policy=)"),
        "quorum": quorum,
        "allow_self_approval": allow_self_approval,
        "form": _declared(form, replay.run.definition) if form is not None else "",
        "attributes": json.loads(dump(dict(attributes or {}), f"{where}(attributes=)")),
        "timeout": None if limit is None else timedelta(seconds=limit),
        "on_timeout": on_timeout,
        "remind_every": None if reminder is None else timedelta(seconds=reminder),
    }
    if subject is not None:
        label(row_of(subject)[1], f"{where}(subject=): its primary key")
    for name in (*users, *groups, *escalate_to):
        if isinstance(name, str):
            label(name, f"{where}(): the name of who is asked")
    row = replay.run.row

    def ask() -> Question:
        model, key = row_of(subject) if subject is not None else (row.subject_label, row.subject_id)
        asker = Actor(pk=row.requested_by_id, name=row.requested_by_name)
        if requested_by is not None:
            asker = requester(with_rows(requested_by))
        return Question(
            users=with_rows(users), groups=with_rows(groups), escalate_to=with_rows(escalate_to),
            subject_label=model, subject_id=key, requester=asker, **shared,
        )  # fmt: skip

    return go_through_stages(replay, ask, title)


def _declared(form: type[Form], definition: WorkflowFunction[..., Any]) -> str:
    if form not in definition.forms:
        raise NotAllowed(
            f"{definition.name} asks for the form {form.__qualname__} without declaring it. "
            f"Write @workflow(forms=[{form.__qualname__}])."
        )
    return path_of(form)


def _check_question(
    policy: str | None, users: list[Any], groups: list[Any], quorum: int, on_timeout: str, escalate_to: list[Any],
    limit: float | None, reminder: float | None,
) -> None:  # fmt: skip
    call = "request_approval()"
    if (policy is not None) == bool(users or groups):
        raise ValueError(f"{call} needs either policy=, or users= or groups= to name who is asked.")
    if quorum < 1:
        raise ValueError(f"request_approval(quorum={quorum}) must be 1 or more.")
    if policy is not None and quorum != 1:
        raise ValueError(f"{call}: the policy {policy!r} says how many have to agree; leave quorum= out.")
    if on_timeout not in Approval.OnTimeout.values:
        raise ValueError(f"request_approval(on_timeout={on_timeout!r}) must be one of {', '.join(Approval.OnTimeout.values)}.")
    if (on_timeout == "escalate") != bool(escalate_to):
        raise ValueError(f"{call}: on_timeout='escalate' and escalate_to= belong together.")
    if on_timeout != "expire" and limit is None:
        raise ValueError(f"{call}: on_timeout={on_timeout!r} needs a timeout=.")
    if reminder == 0:
        raise ValueError(f"{call}: remind_every= must be longer than nothing.")
