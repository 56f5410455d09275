"""What a project's own pages can say about approvals."""

from __future__ import annotations

from typing import Any

from django import template

from ..site.lists import Waiting, waiting_for

register = template.Library()


@register.simple_tag
def approvals_waiting(user: Any) -> Waiting:
    """Return how much waits for a user's decision: `number` and `overdue`, `shown` and `overdue_shown` as text."""
    return waiting_for(user)
