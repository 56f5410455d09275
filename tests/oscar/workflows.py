"""What becomes of an order of Oscar's: a manager looks at a large one, then its allocated stock leaves the shelves."""

from decimal import Decimal
from typing import Any

from oscar.core.loading import get_model

from pgworkflows import ApprovalOutcome, describe_subject, request_approval, step, workflow

Order = get_model("order", "Order")
LARGE = Decimal(1000)
# What a manager agrees to: not Oscar's own bookkeeping, such as `analytics_tracked`, which changes meanwhile.
describe_subject(Order, snapshot=("number", "total_incl_tax", "currency", "shipping_method", "lines"))


@workflow
def fulfil(order_id: int) -> str:
    outcome = None
    if total_of(order_id) > LARGE:
        outcome = request_approval("Release large order", groups=["managers"])
        if not outcome.approved:
            return cancel(order_id)
    return ship(order_id, outcome)


@step
def total_of(order_id: int) -> Decimal:
    return Order.objects.get(pk=order_id).total_incl_tax


@step
def ship(order_id: int, outcome: ApprovalOutcome | None) -> str:
    if outcome is not None:
        outcome.require_unchanged()
    order = Order.objects.get(pk=order_id)
    for line in order.lines.select_related("stockrecord"):
        line.stockrecord.consume_allocation(line.quantity)
    return moved(order, "Shipped")


@step
def cancel(order_id: int) -> str:
    order = Order.objects.get(pk=order_id)
    for line in order.lines.select_related("stockrecord"):
        line.stockrecord.cancel_allocation(line.quantity)
    return moved(order, "Cancelled")


def moved(order: Any, status: str) -> str:
    """Move an order along Oscar's own pipeline."""
    order.set_status(status)
    return status
