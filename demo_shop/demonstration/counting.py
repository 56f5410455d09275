"""How far the orders of one run are."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Q

from demo_shop.demonstration.stories import Day
from demo_shop.models import Order
from demo_shop.workflows import fulfil_order, refund_order
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
    """Say whether everything has ended, orders of earlier runs included, except for what waits on purpose."""
    own = Q(number__startswith=day.prefix)
    if Order.objects.filter(own).count() < len(day.stories):
        return False
    left = Q(number__in=day.left_waiting, status__in=(Order.Status.AWAITING_APPROVAL, Order.Status.SHIPPED))
    return all_rest(left | (Q(status=Order.Status.BACK_ORDERED) & ~own))


def is_drained(day: Day) -> bool:
    """Say whether everything has ended, except for back orders that wait for goods."""
    return all_rest(Q(status=Order.Status.BACK_ORDERED))


def all_rest(at_rest: Q) -> bool:
    """Say whether no order's workflow can move, other than those of the orders ``at_rest``, which wait."""
    status = Workflow.Status
    of_orders = (fulfil_order.name, refund_order.name)
    unfinished = Workflow.objects.unfinished().filter(name__in=of_orders).exclude(status=status.BLOCKED)
    resting = Order.objects.filter(at_rest, workflows__status=status.WAITING)
    return unfinished.count() == resting.count()
