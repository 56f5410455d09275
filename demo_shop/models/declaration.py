"""Expense declarations: what employees paid on a trip and want back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from pgworkflows import WorkflowRelation


class DeclarationState(models.TextChoices):
    """How far a declaration is."""

    # Written down, not submitted.
    SAVED = "SAVED", "Saved"
    # People are asked about it, or it is back with its employee.
    SUBMITTED = "SUBMITTED", "Submitted"
    # Everybody agreed, and it was paid.
    PAID = "PAID", "Paid"
    # Its employee took it back.
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    # Somebody refused it for good.
    REJECTED = "REJECTED", "Rejected"


class DeclarationRoute(models.TextChoices):
    """Whom a submission asks before the supervisor."""

    DIRECT = "direct", "Nobody"
    PRE_APPROVAL = "pre-approval", "A pre-approver"
    ADMINISTRATION = "administration", "The administration"
    BUDGET = "budget", "The administration and a budget owner"


class Declaration(models.Model):
    """One employee's expenses; a submission's ``route`` says which stages of the policy it goes through."""

    State = DeclarationState
    Route = DeclarationRoute

    number = models.CharField(max_length=60, unique=True)
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SAVED)
    route = models.CharField(max_length=20, choices=Route.choices, default=Route.DIRECT)
    submissions = models.PositiveSmallIntegerField(default=0)

    workflows = WorkflowRelation()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"expense declaration {self.number}"

    def approval_snapshot(self) -> dict[str, Any]:
        """Return what approvers see; the policy's conditions look at the route."""
        return {"number": self.number, "submission": self.submissions, "route": self.route}
