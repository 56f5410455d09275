"""Who may use a view at all; what they then see is in `scopes`."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ..conf import conf
from ..models.people import may, person


class LoggedInAndPermitted(BasePermission):
    """Let in an active user, by their row, who holds the permission that the view's `needs` gives for the method, if any."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Decide before any row is looked for, so that a refusal tells nothing about rows."""
        user = person(request.user, conf().DATABASE)
        if user is None or not getattr(user, "is_active", True):
            return False
        codename = view.needs.get(request.method)
        return codename is None or may(user, codename)
