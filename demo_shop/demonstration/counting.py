"""How far the orders of one run are."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet

from demo_shop.demonstration.stories import Day
from demo_shop.models import Order
from pgworkflows.models import Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Orders by what they are doing now; the fields add up to ``placed``."""

    placed: int
    completed: int
    cancelled: int
    to_approve: int
    to_deliver: int
    back_ordered: int
    under_way: int

    def __str__(self) -> str:
        return (
            f"placed {self.placed:3}  completed {self.completed:3}  compensated {self.cancelled:3}  "
            f"waiting for approval {self.to_approve:2}  for delivery {self.to_deliver:2}  "
            f"for stock {self.back_ordered:2}  under way {self.under_way:3}"
        )


def count_orders(day: Day) -> Counts:
    """Count the orders of a run, the rests of split ones included."""
    statuses = Counter(Order.objects.filter(number__startswith=day.prefix).values_list("status", flat=True))
    status = Order.Status
    shown = {
        "completed": statuses[status.COMPLETED],
        "cancelled": statuses[status.CANCELLED],
        "to_approve": statuses[status.AWAITING_APPROVAL],
        "to_deliver": statuses[status.SHIPPED],
        "back_ordered": statuses[status.BACK_ORDERED],
    }
    placed = statuses.total()
    return Counts(placed=placed, under_way=placed - sum(shown.values()), **shown)


def is_over(day: Day) -> bool:
    """Say whether everything has ended, except for what waits for the visitor on purpose."""
    orders = Order.objects.filter(number__startswith=day.prefix)
    if orders.count() < len(day.stories):
        return False
    at_rest = (Order.Status.AWAITING_APPROVAL, Order.Status.SHIPPED)
    left = orders.filter(number__in=day.left_waiting, status__in=at_rest)
    return unfinished_workflows(orders) == left.count()


def is_drained(day: Day) -> bool:
    """Say whether everything has ended, except for back orders that wait for goods."""
    orders = Order.objects.filter(number__startswith=day.prefix)
    return unfinished_workflows(orders) == orders.filter(status=Order.Status.BACK_ORDERED).count()


def unfinished_workflows(orders: QuerySet[Order]) -> int:
    """Count what has not ended for these orders, refunds included."""
    keys = [str(key) for key in orders.values_list("pk", flat=True)]
    found = Workflow.objects.unfinished().filter(subject_label="demo_shop.order", subject_id__in=keys)
    return found.count()
