"""Who is a person here: a row of the project's user model, given as that row or by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from ..values.people import Person, User, UserRow


def person(who: Person, alias: str) -> UserRow:
    """Return the row of a user given as row or name; None where there is none: AnonymousUser, a token's user, nobody's name."""
    model: Any = get_user_model()
    if not isinstance(who, str):
        return who if isinstance(who, model) and who.pk is not None else None
    try:
        name = model._meta.get_field(model.USERNAME_FIELD).to_python(who)
        return model._base_manager.using(alias).filter(**{model.USERNAME_FIELD: name}).first()
    except (ValidationError, ValueError):  # no number, no UUID
        return None


def may(user: User, permission: str) -> bool:
    """Whether an active user holds a permission of this app; a project's own kind of user need not know permissions."""
    return getattr(user, "is_active", True) and hasattr(user, "has_perm") and bool(user.has_perm(f"pgworkflows.{permission}"))


def name_of(user: UserRow) -> str:
    """Return the name of a user's row, as its column has it and as SQL says it."""
    field = user._meta.get_field(user.USERNAME_FIELD)
    return str(field.to_python(field.value_from_object(user)))


def names_of(users: Iterable[UserRow]) -> list[str]:
    """Return the names of users' rows in one order, since the database gives the rows in any."""
    return sorted(map(name_of, users))
