"""Users and groups as verbs are given them: rows, or names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from ..exceptions import NotAllowed
from .connection import database


def active_user(who: Any) -> Any:
    """Return the user's row; raise NotAllowed unless it is there and active."""
    user = who
    if isinstance(who, str):
        model = get_user_model()
        user = model._default_manager.using(database().alias).filter(**{model.USERNAME_FIELD: who}).first()
    if user is None or user.pk is None or not getattr(user, "is_active", True):
        raise NotAllowed(f"There is no active user {who}.")
    return user


def keys_of(wanted: Iterable[Any], model: Any, field: str) -> list[Any]:
    """Return primary keys; raise ValueError naming who does not exist."""
    return [_key(model, field, one) for one in wanted]


def user_keys(wanted: Iterable[Any]) -> list[Any]:
    """Return the primary keys of users given as rows or names; raise ValueError naming who does not exist."""
    return keys_of(wanted, get_user_model(), get_user_model().USERNAME_FIELD)


def group_keys(wanted: Iterable[Any]) -> list[Any]:
    """Return the primary keys of groups given as rows or names; raise ValueError naming which does not exist."""
    return keys_of(wanted, Group, "name")


def _key(model: Any, field: str, wanted: Any) -> Any:
    if not isinstance(wanted, str):
        return wanted.pk
    try:
        return model._base_manager.using(database().alias).only("pk").get(**{field: wanted}).pk
    except model.DoesNotExist:
        raise ValueError(f"request_approval() names {model._meta.verbose_name} {wanted!r}, which does not exist.") from None


def split(wanted: Iterable[Any]) -> dict[str, list[Any]]:
    """Return {"users": keys, "groups": keys} of rows or names; a name is a group's where there is such a group."""
    found: dict[str, list[Any]] = {"users": [], "groups": []}
    for one in wanted:
        is_group = isinstance(one, Group) or (
            isinstance(one, str) and Group.objects.using(database().alias).filter(name=one).exists()
        )
        found["groups" if is_group else "users"] += (group_keys if is_group else user_keys)([one])
    return found


def names_among(users: Iterable[Any], groups: Iterable[Any]) -> dict[Any, str]:
    """Return the names of the active users that are named, directly or by a group, by primary key."""
    return dict(active_among(users, groups).values_list("pk", get_user_model().USERNAME_FIELD))


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
