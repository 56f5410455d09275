"""Putting a purchase request before those who have to agree."""

from __future__ import annotations

from django.db import transaction
from django_fsm import TransitionNotAllowed

from demo_shop.models import PurchaseRequest
from demo_shop.workflows import purchase
from pgworkflows.models import Workflow


class NothingToBuy(Exception):
    """The request has no lines; the argument is its number."""


@transaction.atomic
def ask_for(request: PurchaseRequest) -> Workflow:
    """Start ``purchase`` for a draft, in the caller's transaction; once per request.

    Raises NothingToBuy, or django_fsm's TransitionNotAllowed where it is no draft any more.
    """
    row = PurchaseRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
    if not row.lines.exists():
        raise NothingToBuy(row.number)
    row.ask()
    row.save(update_fields=["status"])
    start = purchase.using(key=row.number, subject=row, requested_by=row.requested_by)
    return start.start(request_id=row.pk, title=f"Buy {row.title} from {row.supplier}")


def ask_if_possible(request: PurchaseRequest) -> bool:
    """Do the same; return False where there is nothing to ask."""
    try:
        ask_for(request)
    except (NothingToBuy, TransitionNotAllowed):
        return False
    return True
