"""Which of a policy's stages open for a request, and whom they ask. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction

from ...definitions.registry import registry
from ...models import Approval, ApprovalPolicy, ApprovalStage
from ..actors import Actor
from ..connection import database
from .people import names_among
from .policies import NotComparable, unmet_conditions
from .verbs import candidates

NO_STAGE = "no stage opens"


@dataclass(slots=True, kw_only=True)
class Opening:
    """What becomes of a stage (None: of a round in which none opens, or of a question without a policy).

    It asks users and groups, unless a condition is unmet or it is skipped; `falls_back` says why it asks the fallback group.
    """

    stage: ApprovalStage | None
    users: list[Any] = field(default_factory=list)
    groups: list[Any] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    skipped: str = ""
    falls_back: str = ""
    found: dict[Any, str] | None = None

    @property
    def opens(self) -> bool:
        """Whether anybody is asked."""
        return not self.unmet and not self.skipped

    def people(self) -> dict[Any, str]:
        """Return the active people that it asks, looked up once."""
        if self.found is None:
            self.found = names_among(self.users, self.groups)
        return self.found


def openings(
    policy: ApprovalPolicy, first: int | None, subject: Any, requester: Actor, attributes: dict[str, Any]
) -> Iterator[Opening]:
    """Go through a policy's stages from a position on (None: all), and say what becomes of each."""
    stages = policy.stages.prefetch_related("conditions").order_by("position")
    for stage in stages if first is None else stages.filter(position__gte=first):
        yield _opening(policy, stage, subject, requester, attributes)


def _opening(policy: ApprovalPolicy, stage: ApprovalStage, subject: Any, requester: Actor, attributes: dict[str, Any]) -> Opening:
    try:
        unmet = unmet_conditions(stage, attributes)
    except NotComparable as error:
        return fallback(policy, stage, str(error))
    if unmet:
        return Opening(stage=stage, unmet=unmet)
    users, groups, problem = _asked_by(stage, subject, requester)
    if problem:
        return fallback(policy, stage, problem)
    opening = Opening(stage=stage, users=users, groups=groups)
    if opening.people():
        return opening
    nobody = "nobody was found"
    return Opening(stage=stage, skipped=nobody) if stage.skip_if_none else fallback(policy, stage, nobody)


def fallback(policy: ApprovalPolicy, stage: ApprovalStage | None, reason: str) -> Opening:
    """Ask the policy's fallback group instead."""
    return Opening(stage=stage, groups=[policy.fallback_group_id], falls_back=reason)


def with_enough(opening: Opening, approval: Approval) -> tuple[Opening, list[str]]:
    """Return the opening, or a policy's fallback where too few of those asked could decide, and the names of those who could."""
    names = candidates(approval, opening.people())
    if approval.policy is None or opening.falls_back or len(names) >= approval.quorum:
        return opening, names
    reason = f"{approval.quorum} have to agree, found {', '.join(names) or 'nobody'}"
    opening = fallback(approval.policy, opening.stage, reason)
    return opening, candidates(approval, opening.people())


def _asked_by(stage: ApprovalStage, subject: Any, requester: Actor) -> tuple[list[Any], list[Any], str]:
    """Return the keys of users and groups, and why the fallback group has to be asked instead, if it has."""
    users, groups = list(stage.users.values_list("pk", flat=True)), list(stage.groups.values_list("pk", flat=True))
    if not stage.resolver:
        return users, groups, ""
    resolver = registry.resolvers.get(stage.resolver)
    if resolver is None:
        return [], [], f"no code registers the resolver {stage.resolver!r}"
    person = get_user_model()._base_manager.using(database().alias).filter(pk=requester.pk).first() if requester.pk else None
    try:
        with transaction.atomic(using=database().alias):
            users += [user.pk for user in resolver(subject, person) or ()]
    except DatabaseError:
        raise
    except Exception as error:
        return [], [], f"the resolver {stage.resolver!r} failed: {error!r}"
    return users, groups, ""
