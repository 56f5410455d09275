"""Submitting expense declarations: the row and what is asked about it change in one transaction."""

from __future__ import annotations

from django.db import transaction

from demo_shop.models import Declaration
from demo_shop.models.declaration import DeclarationRoute
from demo_shop.workflows import expense_declaration
from pgworkflows import acting_as
from pgworkflows.models import Approval, Workflow


@transaction.atomic
def submit(declaration: Declaration, route: DeclarationRoute) -> Workflow:
    """Submit a declaration for the first time, or once more after it was taken back, as its employee."""
    _note_submission(declaration, route)
    start = expense_declaration.using(
        key=f"{declaration.number}/{declaration.submissions}", subject=declaration, requested_by=declaration.employee
    )
    with acting_as(declaration.employee):
        return start.start(number=declaration.number, declaration_id=declaration.pk)


@transaction.atomic
def submit_again(declaration: Declaration, route: DeclarationRoute, approval: Approval) -> None:
    """Answer a request for changes, as its employee. Raises NotAllowed or AlreadyDecided."""
    approval.resubmit(declaration.employee, "Changed as you asked.")
    _note_submission(declaration, route)


def _note_submission(declaration: Declaration, route: DeclarationRoute) -> None:
    declaration.state, declaration.route = Declaration.State.SUBMITTED, route
    declaration.submissions += 1
    declaration.save(update_fields=["state", "route", "submissions"])
