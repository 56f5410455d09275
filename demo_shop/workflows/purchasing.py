"""From an employee's wish to a supplier's order."""

from __future__ import annotations

from typing import Any

from demo_shop.models import PurchaseOrder, PurchaseRequest
from demo_shop.models.employee import line_manager_of
from demo_shop.policies import PURCHASES
from pgworkflows import ApprovalOutcome, SubjectChanged, approvers, request_approval, set_state, step, workflow


@approvers("line manager")
def line_manager(subject: Any, requester: Any) -> list[Any]:
    """Find whom the requester works for."""
    manager = line_manager_of(requester) if requester is not None else None
    return [manager] if manager is not None else []


@workflow
def purchase(request_id: int, title: str) -> str:
    """Have a purchase request approved, and order exactly what was approved; returns the request's last status.

    A line that is changed after the last approval is not ordered: everybody is asked again.
    """
    while True:
        outcome = request_approval(title, policy=PURCHASES)
        if not outcome.approved:
            return close_purchase(request_id)
        try:
            return order_goods(request_id, outcome)
        except SubjectChanged:
            set_state("CHANGED_AFTER_APPROVAL")


@step
def order_goods(request_id: int, outcome: ApprovalOutcome) -> str:
    """Order, in the transaction that makes sure that nothing has changed since it was approved.

    Raises SubjectChanged.
    """
    outcome.require_unchanged()
    request = PurchaseRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request_id)
    request.order()
    request.save(update_fields=["status"])
    PurchaseOrder.objects.create(request=request, amount=request.total)
    return str(request.status)


@step
def close_purchase(request_id: int) -> str:
    """Note that nothing comes of it."""
    request = PurchaseRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request_id)
    request.close()
    request.save(update_fields=["status"])
    return str(request.status)
