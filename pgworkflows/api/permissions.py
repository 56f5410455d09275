"""Who may use a view at all; what they then see is in `scopes`."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

APP = "pgworkflows"


def may(user: Any, codename: str) -> bool:
    """Whether a user holds a permission of this app; a project's own kind of user need not know permissions."""
    return hasattr(user, "has_perm") and bool(user.has_perm(f"{APP}.{codename}"))


class LoggedInAndPermitted(BasePermission):
    """Let in an active user who holds the permission that the view's `needs` gives for the method, if it gives one."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Decide before any row is looked for, so that a refusal tells nothing about rows."""
        if not (request.user and request.user.is_authenticated and request.user.is_active):
            return False
        codename = view.needs.get(request.method)
        return codename is None or may(request.user, codename)
