"""The stages of a request, one approval after the other: opened, found, and how they were answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ...models import Approval, ApprovalAction, ApprovalPolicy, Decision, Workflow
from ...values.encoding import decode
from ...values.position import Position
from ..actors import WORKER, Actor
from ..connection import database
from .deadlines import due
from .openings import NO_STAGE, Opening, fallback, openings, with_enough
from .people import group_keys, split, user_keys
from .policies import published
from .snapshots import NOTHING, Snapshot, find_subject, snapshot_of, text_of
from .verbs import act, require_enough

Restart = ApprovalPolicy.Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a body asks: either a policy by name, or users, groups and a quorum."""

    title: str
    description: str = ""
    policy: str | None = None
    users: list[Any] = field(default_factory=list)
    groups: list[Any] = field(default_factory=list)
    quorum: int = 1
    subject_label: str = ""
    subject_id: str = ""
    requester: Actor = field(default_factory=Actor)
    allow_self_approval: bool = False
    form: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    timeout: timedelta | None = None
    on_timeout: str = Approval.OnTimeout.EXPIRE
    escalate_to: list[Any] = field(default_factory=list)
    remind_every: timedelta | None = None


def open_next(
    question: Question, *, workflow: Any, name: str, position: Position, now: datetime, previous: Approval | None
) -> Approval | None:
    """Insert the approval that comes after `previous` (None for the first); return None when nobody is left to ask.

    Raises ValueError where somebody named does not exist, and NotAllowed where too few could decide.
    """
    subject = find_subject(question.subject_label, question.subject_id) if question.subject_label else None
    snapshot = snapshot_of(subject) if subject is not None else NOTHING
    if subject is not None:
        _name_subject(workflow, subject, question)
    policy = previous.policy if previous is not None else published(question.policy) if question.policy else None
    round_, first, actions = _where(previous, snapshot, policy)
    if policy is None:
        if previous is not None and first is not None:
            return None
        opening = Opening(stage=None, users=user_keys(question.users), groups=group_keys(question.groups))
    else:
        attributes = (snapshot.data or {}) | decode(question.attributes)
        for opening in openings(policy, first, subject, question.requester, attributes):
            if opening.skipped:
                actions.append((ApprovalAction.Verb.SKIP_STAGE, f"{opening.stage}: {opening.skipped}"))
            if opening.opens:
                break
        else:
            if first is not None:
                return None
            opening = fallback(policy, None, NO_STAGE)
    approval = _unsaved(question, opening, policy, snapshot)
    approval.workflow_id, approval.branch, approval.seq = workflow, *position
    approval.round, approval.created_at = round_, now
    approval.request = previous.request if previous is not None else position.seq
    approval.kind = policy.name if policy is not None else name
    return _insert(approval, opening, actions, now)


def _name_subject(workflow: Any, subject: Any, question: Question) -> None:
    """Have lists name the subject as it is called now, if it is the workflow's own."""
    own = {"subject_label": question.subject_label, "subject_id": question.subject_id}
    rows, text = Workflow.objects.using(database().alias), text_of(subject)
    rows.filter(pk=workflow, **own).exclude(subject_text=text).update(subject_text=text)


def _where(previous: Approval | None, snapshot: Snapshot, policy: ApprovalPolicy | None) -> tuple[int, int | None, list[Any]]:
    """Return the round, the position of the first stage that may open (None for all), and what is to be recorded.

    Without a policy there is one stage: a position means that it is behind us.
    """
    if previous is None:
        return 1, None, []
    changed = snapshot.hash != previous.snapshot_hash
    position = previous.stage.position if previous.stage is not None else 0
    if previous.status == Approval.Status.CHANGES_REQUESTED:
        restart = policy.restart if policy is not None else Restart.ALWAYS
        all_again = restart == Restart.ALWAYS or (restart == Restart.CHANGED and changed)
        return previous.round + 1, None if all_again else position, []
    # What came through SQL was not compared, since only Python knows what is shown.
    if changed and (_has_later(policy, position) or previous.decisions.filter(channel="sql").exists()):
        return previous.round + 1, None, [(ApprovalAction.Verb.START_OVER, "")]
    return previous.round, position + 1, []


def _has_later(policy: ApprovalPolicy | None, position: int) -> bool:
    return policy is not None and policy.stages.filter(position__gt=position).exists()


def _unsaved(question: Question, opening: Opening, policy: ApprovalPolicy | None, snapshot: Snapshot) -> Approval:
    stage = opening.stage
    approval = Approval(
        title=question.title, description=question.description, subject_label=question.subject_label,
        subject_id=question.subject_id, requested_by_id=question.requester.pk, requested_by_name=question.requester.name,
        allow_self_approval=question.allow_self_approval, attributes=question.attributes, form=question.form,
        snapshot=snapshot.data, snapshot_keys=snapshot.keys,
        snapshot_hash=snapshot.hash, quorum=question.quorum, on_timeout=question.on_timeout,
        time_limit=question.timeout, remind_every=question.remind_every, policy=policy, stage=stage,
    )  # fmt: skip
    if policy is not None:
        approval.allow_self_approval, approval.allow_same_person = policy.allow_self_approval, policy.allow_same_person
    if stage is not None:
        approval.quorum, approval.remind_every = stage.quorum, stage.remind_every or question.remind_every
        if stage.time_limit is not None:
            approval.time_limit, approval.on_timeout = stage.time_limit, stage.on_timeout
            approval.escalate_to = {"users": [], "groups": [group.pk for group in stage.escalate_to.all()]}
            return approval
    approval.escalate_to = split(question.escalate_to)
    return approval


def _insert(approval: Approval, opening: Opening, actions: list[tuple[str, str]], now: datetime) -> Approval:
    """Save it with whom it asks, and with what has to be on record about how it came to be."""
    opening, names = with_enough(opening, approval)
    require_enough(approval, names)
    approval.could_decide = names
    approval.due_at = due(now, approval.time_limit)
    approval.save(using=database().alias, force_insert=True)
    approval.users.add(*opening.users)
    approval.groups.add(*opening.groups)
    if opening.falls_back:
        where = f"{opening.stage}: " if opening.stage is not None else ""
        actions = [*actions, (ApprovalAction.Verb.FALL_BACK, f"{where}{opening.falls_back}")]
    for verb, note in actions:
        act(approval, verb, WORKER, note)
    return approval


def stage_at(workflow: Any, position: Position) -> Approval | None:
    """Return the approval that a workflow asked for at a position, if it did."""
    rows = Approval.objects.using(database().alias).select_related("policy", "stage")
    return rows.filter(workflow=workflow, branch=position.branch, seq=position.seq).first()


#: What an outcome says of a decision, and where that is.
ANSWER = {
    "username": "username", "on_behalf_of": "on_behalf_of_name", "verdict": "verdict", "comment": "comment", "data": "data",
    "channel": "channel", "at": "at", "stage": "approval__stage__name", "round": "approval__round",
}  # fmt: skip


def answers(approval: Approval) -> list[dict[str, Any]]:
    """Return every decision on the request, in all stages and rounds, oldest first."""
    rows = Decision.objects.using(database().alias).filter(
        approval__workflow=approval.workflow_id, approval__branch=approval.branch, approval__request=approval.request
    )
    found = rows.order_by("id").values_list(*ANSWER.values())
    answered = [dict(zip(ANSWER, row, strict=True)) for row in found]
    return [{**answer, "data": decode(answer["data"]), "stage": answer["stage"] or ""} for answer in answered]
