"""The shop's approval policies as they come out of the box; people edit and publish later versions in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from demo_shop.models.declaration import DeclarationRoute as Route
from pgworkflows.models import ApprovalPolicy, StageCondition

PURCHASES = "purchase"
EXPENSES = "expense declaration"
FINANCE = "finance"
# A purchase over this needs finance too.
FINANCE_LIMIT = Decimal(1000)
# One person writes the policies, another one publishes them.
EDITOR, PUBLISHER = "policy-editor", "policy-publisher"

Operator = StageCondition.Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: a group or a resolver that is asked where all conditions (attribute, operator, value) hold."""

    name: str
    group: str = ""
    resolver: str = ""
    conditions: tuple[tuple[str, str, str], ...] = ()
    time_limit: timedelta | None = None


PURCHASE_STAGES = (
    Stage(name="line manager", resolver="line manager", time_limit=timedelta(days=14)),
    Stage(name="finance", group=FINANCE, conditions=(("total", Operator.GT, str(FINANCE_LIMIT)),), time_limit=timedelta(days=14)),
)
EXPENSE_STAGES = (
    Stage(name="pre-approver", group="pre-approvers", conditions=(("route", Operator.EQ, Route.PRE_APPROVAL),)),
    Stage(
        name="administration",
        group="administration",
        conditions=(("route", Operator.NE, Route.DIRECT), ("route", Operator.NE, Route.PRE_APPROVAL)),
    ),
    Stage(name="budget owner", group="budget owners", conditions=(("route", Operator.EQ, Route.BUDGET),)),
    Stage(name="supervisor", group="supervisors"),
    Stage(name="payment office", group="payment office"),
)


def publish_policies() -> None:
    """Publish the first version of each policy that no version of has been published; groups are made where missing."""
    publish_first(PURCHASES, PURCHASE_STAGES, fallback=FINANCE)
    # A declaration that comes back is another submission, so all are asked again.
    publish_first(EXPENSES, EXPENSE_STAGES, fallback="administration", restart=ApprovalPolicy.Restart.ALWAYS)


@transaction.atomic
def publish_first(
    name: str, stages: Sequence[Stage], *, fallback: str, restart: ApprovalPolicy.Restart = ApprovalPolicy.Restart.CHANGED
) -> None:
    """Write the first version of a policy as its editor, and publish it as somebody else, unless there is one."""
    if ApprovalPolicy.objects.filter(name=name).exists():
        return
    editor = _staff(EDITOR, "add_approvalpolicy", "change_approvalpolicy")
    draft = ApprovalPolicy.objects.create(
        name=name, fallback_group=_group(fallback), restart=restart, edited_by=editor, edited_by_name=editor.username
    )
    for position, stage in enumerate(stages, start=1):
        _write(draft, position, stage)
    draft.publish(_staff(PUBLISHER, "publish_policy"))


def _write(draft: ApprovalPolicy, position: int, stage: Stage) -> None:
    row = draft.stages.create(position=position, name=stage.name, resolver=stage.resolver, time_limit=stage.time_limit)
    if stage.group:
        row.groups.add(_group(stage.group))
    for attribute, operator, value in stage.conditions:
        row.conditions.create(attribute=attribute, operator=operator, value=value)


def _group(name: str) -> Group:
    return Group.objects.get_or_create(name=name)[0]


def _staff(username: str, *permissions: str) -> User:
    """Return somebody of the staff who may do just this, and who cannot log in until given a password."""
    user, new = User.objects.get_or_create(username=username, defaults={"email": f"{username}@example.com", "is_staff": True})
    if new:
        user.set_unusable_password()
        user.save()
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="pgworkflows", codename__in=permissions))
    return user
