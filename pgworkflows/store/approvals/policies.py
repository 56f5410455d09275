"""Policies: publishing, copying for an edit, and which stages open for a request."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from ...definitions.registry import registry
from ...exceptions import NotAllowed
from ...models import ApprovalPolicy, ApprovalStage, StageCondition
from ...models.functions import DatabaseNow
from ...models.people import may, name_of
from ...values.people import Person, User
from ..actors import current_actor, recorded_as
from ..connection import database
from .people import active_user


class NotComparable(Exception):  # noqa: N818 - what was found, not what went wrong
    """A condition asks for an attribute that the request lacks, or compares what has no order."""


def published(name: str) -> ApprovalPolicy:
    """Return the version that new requests get; raise ValueError naming those that there are."""
    rows = ApprovalPolicy.objects.using(database().alias).published()
    found = rows.filter(name=name).first()
    if found is None:
        known = ", ".join(rows.order_by("name").values_list("name", flat=True)) or "none"
        raise ValueError(f"request_approval(policy={name!r}): no such policy is published. Published are: {known}.")
    return found


def holds(condition: StageCondition, attributes: dict[str, Any]) -> bool:
    """Compare an attribute with a condition's value, as numbers, dates or text; raise NotComparable."""
    if attributes.get(condition.attribute) is None:
        raise NotComparable(f"the request has no attribute {condition.attribute!r}")
    left, right = _alike(attributes[condition.attribute], condition.value)
    if condition.operator in ("eq", "ne"):
        return bool((left == right) == (condition.operator == "eq"))
    if isinstance(left, str) and (_number(left) is None) != (_number(right) is None):
        raise NotComparable(f"{condition.attribute} {left!r} has no order with {condition.value!r}")
    ordered = {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}
    return bool(ordered[condition.operator])


def _alike(given: Any, written: str) -> tuple[Any, Any]:
    """Return both as numbers or as dates where both are, else as text."""
    for read in (_number, _day):
        left, right = read(given), read(written)
        if left is not None and right is not None:
            return left, right
    return str(given).lower() if isinstance(given, bool) else str(given), written


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def unmet_conditions(stage: ApprovalStage, attributes: dict[str, Any]) -> list[str]:
    """Return those that do not hold; raise NotComparable where one cannot be compared and no other decides."""
    unmet, unknown = [], None
    for condition in stage.conditions.all():
        try:
            if not holds(condition, attributes):
                unmet.append(str(condition))
        except NotComparable as error:
            unknown = unknown or error
    if unknown is not None and not unmet:
        raise unknown
    return unmet


def _require_permission(policy: ApprovalPolicy, user: User, permission: str, verb: str) -> None:
    if not may(user, permission):
        raise NotAllowed(f"Policy {policy} cannot be {verb} by {name_of(user)}: that needs the permission {permission}.")


def publish(policy: ApprovalPolicy, by: Person) -> None:
    """Publish a draft and retire the version before it; raise NotAllowed or ValidationError."""
    user = active_user(by)
    alias = database().alias
    actor = current_actor(user)
    with transaction.atomic(using=alias), recorded_as(actor):
        versions = list(
            ApprovalPolicy.objects.using(alias).select_for_update(of=("self",)).filter(name=policy.name).order_by("id")
        )
        draft = next((version for version in versions if version.pk == policy.pk), None)
        _require_permission(policy, user, "publish_policy", "published")
        if draft is None or draft.status != ApprovalPolicy.Status.DRAFT:
            raise NotAllowed(f"Policy {policy} cannot be published: it is no draft any more.")
        if draft.is_edited_by(user):
            last = " last" if actor.name == draft.edited_by_name else ""
            raise NotAllowed(f"Policy {policy} cannot be published by {actor.name}, who edited it{last}: another person must.")
        if problems := list(problems_of(draft)):
            raise ValidationError(problems)
        ApprovalPolicy.objects.using(alias).filter(name=draft.name, status=ApprovalPolicy.Status.PUBLISHED).update(
            status=ApprovalPolicy.Status.RETIRED
        )
        ApprovalPolicy.objects.using(alias).filter(pk=draft.pk).update(
            status=ApprovalPolicy.Status.PUBLISHED, published_by=user.pk, published_by_name=actor.name, published_at=DatabaseNow()
        )
    policy.refresh_from_db()


def problems_of(policy: ApprovalPolicy) -> list[str]:
    """Return what keeps a draft from being published."""
    stages = list(policy.stages.prefetch_related("users", "groups", "escalate_to"))
    found = [] if stages else [f"Policy {policy} has no stage."]
    for stage in stages:
        if not stage.users.all() and not stage.groups.all() and not stage.resolver:
            found.append(f"Stage {stage} asks nobody: name users, groups or a resolver.")
        if stage.resolver and stage.resolver not in registry.resolvers:
            known = ", ".join(sorted(registry.resolvers)) or "none"
            found.append(
                f"Stage {stage} names the resolver {stage.resolver!r}, which no code registers. Registered are: {known}."
            )
        if stage.on_timeout == "escalate" and not stage.escalate_to.all():
            found.append(f"Stage {stage} escalates to nobody.")
        if stage.on_timeout != "expire" and stage.time_limit is None:
            found.append(f"Stage {stage} says what happens after its time limit, but has none.")
    return found


def new_draft(policy: ApprovalPolicy, by: Person) -> ApprovalPolicy:
    """Copy a version, with its stages and conditions, as the next one; raise NotAllowed where there is a draft already."""
    user = active_user(by)
    alias = database().alias
    _require_permission(policy, user, "change_approvalpolicy", "copied")
    with transaction.atomic(using=alias):
        versions = ApprovalPolicy.objects.using(alias).filter(name=policy.name)
        list(versions.select_for_update(of=("self",)).order_by("id"))
        if versions.filter(status=ApprovalPolicy.Status.DRAFT).exists():
            raise NotAllowed(f"Policy {policy.name} has a draft already. Edit that one.")
        draft = ApprovalPolicy(
            name=policy.name, version=versions.aggregate(last=Max("version"))["last"] + 1, description=policy.description,
            fallback_group_id=policy.fallback_group_id, restart=policy.restart, allow_self_approval=policy.allow_self_approval,
            allow_same_person=policy.allow_same_person,
        )  # fmt: skip
        draft.edited(user)
        draft.save(using=alias)
        for stage in policy.stages.all():
            _copy_stage(stage, draft)
    return draft


def _copy_stage(stage: ApprovalStage, draft: ApprovalPolicy) -> None:
    copy = draft.stages.create(
        position=stage.position, name=stage.name, resolver=stage.resolver, quorum=stage.quorum, time_limit=stage.time_limit,
        on_timeout=stage.on_timeout, remind_every=stage.remind_every, skip_if_none=stage.skip_if_none,
    )  # fmt: skip
    copy.users.set(stage.users.all())
    copy.groups.set(stage.groups.all())
    copy.escalate_to.set(stage.escalate_to.all())
    for condition in stage.conditions.all():
        copy.conditions.create(attribute=condition.attribute, operator=condition.operator, value=condition.value)
