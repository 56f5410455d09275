"""Checks of the project's users: whom requests and decisions name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import Error as DatabaseError
from django.db import connections

from .. import sql
from ..conf import conf


def check_names() -> list[CheckMessage]:
    """Report a user model on which two people can have one name."""
    model: Any = get_user_model()
    name = model._meta.get_field(model.USERNAME_FIELD)
    if name.unique or any(constraint.fields == (name.name,) for constraint in model._meta.total_unique_constraints):
        return []
    return [
        Error(
            f"{model._meta.label}.{name.name}, its USERNAME_FIELD, is not unique: two people could not be told apart.",
            hint="Decisions and history name people by it. Make it unique, or choose another USERNAME_FIELD.",
            id="pgworkflows.E016",
        )
    ]


def check_installed(databases: Sequence[str]) -> list[CheckMessage]:
    """Report functions that know the users as another AUTH_USER_MODEL or USERNAME_FIELD had them."""
    alias = conf().DATABASE
    if alias not in databases or alias not in connections or connections[alias].vendor != "postgresql":
        return []
    try:
        found = sql.people_installed(connections[alias])
    except DatabaseError:
        return []
    if found is None or found.fits:
        return []
    hint = "Run `manage.py migrate`."
    if not found.can_follow:
        hint = "Run `manage.py migrate pgworkflows 0001`, then `manage.py migrate`: the key of users has another type."
    said = "The functions in the database do not know the users as AUTH_USER_MODEL and its USERNAME_FIELD say."
    return [CheckWarning(said, hint=hint, id="pgworkflows.W008")]
