"""Users and groups as verbs are given them: rows, or names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from ...exceptions import NotAllowed
from ...models.people import person
from ...values.people import Person, UserRow
from ..connection import database


def active_user(who: Person) -> UserRow:
    """Return the user's row; raise NotAllowed unless it is there and active."""
    user = person(who, database().alias)
    if user is None or not getattr(user, "is_active", True):
        raise NotAllowed(f"There is no active user {who}.")
    return user


def user_keys(wanted: Iterable[Any]) -> list[Any]:
    """Return the primary keys of users given as rows or names; raise ValueError naming who does not exist."""
    return [_key(get_user_model(), one, person(one, database().alias)) for one in wanted]


def group_keys(wanted: Iterable[Any]) -> list[Any]:
    """Return the primary keys of groups given as rows or names; raise ValueError naming which does not exist."""
    return [_key(Group, one, _group(one)) for one in wanted]


def _group(wanted: Any) -> Group | None:
    if isinstance(wanted, str):
        return Group.objects.using(database().alias).filter(name=wanted).first()
    return wanted if isinstance(wanted, Group) else None


def _key(model: Any, wanted: Any, row: Any) -> Any:
    if row is None:
        raise ValueError(f"request_approval() names {model._meta.verbose_name} {wanted!r}, which does not exist.")
    return row.pk


def split(wanted: Iterable[Any]) -> dict[str, list[Any]]:
    """Return {"users": keys, "groups": keys} of rows or names; a name is a group's where there is such a group."""
    found: dict[str, list[Any]] = {"users": [], "groups": []}
    for one in wanted:
        is_group = _group(one) is not None
        found["groups" if is_group else "users"] += (group_keys if is_group else user_keys)([one])
    return found


def names_among(users: Iterable[Any], groups: Iterable[Any]) -> dict[Any, str]:
    """Return the names of the active users that are named, directly or by a group, by primary key."""
    return {pk: str(name) for pk, name in active_among(users, groups).values_list("pk", get_user_model().USERNAME_FIELD)}


def active_among(users: Iterable[Any], groups: Iterable[Any]) -> QuerySet[Any]:
    """Find the active users that are named, directly or by a group."""
    model = get_user_model()
    named = Q(pk__in=list(users))
    if any(field.name == "groups" for field in model._meta.many_to_many):  # a project's own kind of user need not have any
        named |= Q(groups__in=list(groups))
    found = model._base_manager.using(database().alias).filter(named)
    if any(field.name == "is_active" for field in model._meta.concrete_fields):
        found = found.filter(is_active=True)
    return found.distinct()
