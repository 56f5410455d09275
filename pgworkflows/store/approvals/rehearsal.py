"""Trying a policy: which stages would open for a request, and whom they would ask. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ...models import Approval, ApprovalPolicy, ApprovalStage
from ..actors import Actor
from ..connection import database
from .openings import NO_STAGE, Opening, fallback, openings, with_enough
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
    for opening in openings(policy, None, subject, requester, attributes):
        opened = opened or opening.opens
        yield _asking(policy, opening, requester) if opening.opens else _passed_over(opening)
    if not opened:
        yield _asking(policy, fallback(policy, None, NO_STAGE), requester)


def _passed_over(opening: Opening) -> Rehearsed:
    reason = opening.skipped or f"it does not hold that {', '.join(opening.unmet)}"
    return Rehearsed(stage=opening.stage, names=[], reason=reason)


def _asking(policy: ApprovalPolicy, opening: Opening, requester: Actor) -> Rehearsed:
    approval = Approval(
        policy=policy, stage=opening.stage, requested_by_id=requester.pk, requested_by_name=requester.name,
        allow_self_approval=policy.allow_self_approval, allow_same_person=policy.allow_same_person,
        quorum=opening.stage.quorum if opening.stage is not None else 1,
    )  # fmt: skip
    opening, names = with_enough(opening, approval)
    return Rehearsed(
        stage=opening.stage, names=names, reason=opening.falls_back, falls_back=bool(opening.falls_back),
        enough=len(names) >= approval.quorum,
    )  # fmt: skip
