"""What a project's own pages can say about approvals."""

from __future__ import annotations

from django import template

from ..site.lists import Waiting, waiting_for
from ..values.people import User

register = template.Library()


@register.simple_tag
def approvals_waiting(user: User) -> Waiting:
    """Return how much waits for a user's decision: `number` and `overdue`, `shown` and `overdue_shown` as text."""
    return waiting_for(user)
