"""Whom a notification concerns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from ..models import Approval, Delegation
from ..store.approvals.announcements import Notification
from ..store.approvals.decisions import refusal, who_could_decide, who_may_decide
from ..store.connection import database
from ..values.people import User


def recipients(approval: Approval, notification: Notification) -> list[Any]:
    """Return whom to tell, each once: who may decide and who stands in for them, or the requester, or all of these."""
    found: dict[Any, Any] = {}
    if notification in (Notification.DECIDED, Notification.EXPIRED) and approval.requested_by is not None:
        found[approval.requested_by.pk] = approval.requested_by
    if notification != Notification.DECIDED:
        names = who_could_decide(approval) if notification == Notification.EXPIRED else who_may_decide(approval)
        asked = list(_users({f"{get_user_model().USERNAME_FIELD}__in": names}))
        found |= {user.pk: user for user in [*asked, *_standing_in(approval, asked)]}
    return [user for user in found.values() if getattr(user, "is_active", True)]


def _standing_in(approval: Approval, asked: Iterable[Any]) -> list[Any]:
    current = Delegation.objects.using(database().alias).current().filter(delegator__in=[user.pk for user in asked])
    return [
        delegation.delegate
        for delegation in current.select_related("delegator", "delegate")
        if (not delegation.kinds or approval.kind in delegation.kinds) and _may_decide(approval, delegation)
    ]


def _may_decide(approval: Approval, delegation: Delegation) -> bool:
    return approval.status != Approval.Status.PENDING or not refusal(approval, delegation.delegate, delegation.delegator)


def _users(found_by: dict[str, Any]) -> Any:
    model = get_user_model()
    return model._base_manager.using(database().alias).filter(**found_by).order_by("pk")


def address_of(person: User) -> str:
    """Return where to write to, empty where there is no address."""
    field = getattr(person, "EMAIL_FIELD", "email")
    return str(getattr(person, field, "") or "").strip()


def people(keys: Iterable[Any]) -> list[Any]:
    """Return the users of these primary keys that there still are."""
    return list(_users({"pk__in": list(keys)}))
