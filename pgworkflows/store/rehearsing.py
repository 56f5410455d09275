"""Trying a policy: which stages would open for a request, and whom they would ask. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ..models import Approval, ApprovalPolicy, ApprovalStage
from .actors import Actor
from .approvals import candidates
from .asking import asked_by, stages_from
from .connection import database
from .people import active_among
from .policies import NotComparable, holds
from .snapshots import NOTHING, snapshot_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What would become of a stage (None: of a round in which none opens).

    `names` are of those who could decide, none where it is passed over; `reason` says why it is, or why the fallback group
    is asked; `enough` is False where fewer could decide than have to, so that the request would be refused.
    """

    stage: ApprovalStage | None
    names: list[str]
    reason: str = ""
    falls_back: bool = False
    enough: bool = True

    @property
    def opens(self) -> bool:
        """Whether anybody is asked."""
        return bool(self.names) or self.falls_back


def rehearse(policy: ApprovalPolicy, *, subject: Any, requester: Any, attributes: dict[str, Any]) -> list[Rehearsed]:
    """Go through the stages in order as a first round would; whatever a resolver writes is rolled back."""
    known = (snapshot_of(subject) if subject is not None else NOTHING).data or {}
    with transaction.atomic(using=database().alias):
        try:
            found = list(_stages(policy, subject, Actor.of(requester), known | attributes))
        finally:
            transaction.set_rollback(True, using=database().alias)
    return found


def _stages(policy: ApprovalPolicy, subject: Any, requester: Actor, attributes: dict[str, Any]) -> Iterator[Rehearsed]:
    opened = False
    for stage in stages_from(policy, None):
        stood = _stage(policy, stage, subject, requester, attributes)
        opened = opened or stood.opens
        yield stood
    if not opened:
        yield _fallback(policy, None, requester, "no stage opens")


def _stage(policy: ApprovalPolicy, stage: ApprovalStage, subject: Any, requester: Actor, attributes: dict[str, Any]) -> Rehearsed:
    try:
        unmet = [str(condition) for condition in stage.conditions.all() if not holds(condition, attributes)]
    except NotComparable as error:
        return _fallback(policy, stage, requester, str(error))
    if unmet:
        return Rehearsed(stage=stage, names=[], reason=f"it does not hold that {', '.join(unmet)}")
    users, groups, reason = asked_by(stage, subject, requester)
    if not reason and not active_among(users, groups).exists():
        reason = "nobody was found"
        if stage.skip_if_none:
            return Rehearsed(stage=stage, names=[], reason=reason)
    names = candidates(_unsaved(policy, stage, requester), users, groups)
    if not reason and len(names) < stage.quorum:
        reason = f"{stage.quorum} have to agree, found {', '.join(names) or 'nobody'}"
    return _fallback(policy, stage, requester, reason) if reason else Rehearsed(stage=stage, names=names)


def _fallback(policy: ApprovalPolicy, stage: ApprovalStage | None, requester: Actor, reason: str) -> Rehearsed:
    names = candidates(_unsaved(policy, stage, requester), [], [policy.fallback_group_id])
    quorum = stage.quorum if stage is not None else 1
    return Rehearsed(stage=stage, names=names, reason=reason, falls_back=True, enough=len(names) >= quorum)


def _unsaved(policy: ApprovalPolicy, stage: ApprovalStage | None, requester: Actor) -> Approval:
    return Approval(
        policy=policy, stage=stage, requested_by_id=requester.pk, requested_by_name=requester.name,
        allow_self_approval=policy.allow_self_approval, allow_same_person=policy.allow_same_person,
    )  # fmt: skip
