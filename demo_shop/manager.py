"""The demo's order manager, who decides by amount alone."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import Group, User

from demo_shop.apps import ORDER_MANAGERS
from demo_shop.models import Order
from pgworkflows import AlreadyDecided, ApprovalExpired
from pgworkflows.models import Approval

# An order in one of these has not been past the manager yet.
BEFORE_DECISION = (
    Order.Status.NEW,
    Order.Status.ACCEPTED,
    Order.Status.RESERVED,
    Order.Status.AWAITING_APPROVAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one look at the list came to."""

    approved: int = 0
    rejected: int = 0

    def __add__(self, other: "Decided") -> "Decided":
        return Decided(approved=self.approved + other.approved, rejected=self.rejected + other.rejected)


def order_managers() -> Group:
    """Return the group that is asked about large orders."""
    group, _ = Group.objects.get_or_create(name=ORDER_MANAGERS)
    return group


def demo_manager(username: str = "manager") -> User:
    """Return a member of the group, made on first use, who cannot log in until given a password."""
    manager, new = User.objects.get_or_create(username=username, defaults={"email": f"{username}@example.com"})
    if new:
        manager.set_unusable_password()
        manager.save()
    manager.groups.add(order_managers())
    return manager


def decide_pending(manager: User, *, limit: Decimal, leave: Collection[str] = ()) -> Decided:
    """Approve orders up to ``limit``, reject the others; orders numbered in ``leave`` are for somebody else."""
    decided = Decided()
    for approval in Approval.objects.pending().for_user(manager).select_related("workflow").order_by("pk"):
        order = approval.workflow.subject
        if not isinstance(order, Order) or order.number in leave:
            continue
        try:
            decided += _decide(approval, manager, order.total, limit)
        except (AlreadyDecided, ApprovalExpired):
            continue
    return decided


def may_be_asked_again(leave: Collection[str] = ()) -> bool:
    """Say whether an order is still on its way to the manager."""
    return Order.objects.moving().filter(status__in=BEFORE_DECISION).exclude(number__in=leave).exists()


def _decide(approval: Approval, manager: User, total: Decimal, limit: Decimal) -> Decided:
    if total <= limit:
        approval.approve(manager, comment="Within my limit.")
        return Decided(approved=1)
    approval.reject(manager, comment=f"{total} is more than I may release.")
    return Decided(rejected=1)
