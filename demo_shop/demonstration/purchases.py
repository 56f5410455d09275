"""The demo's purchase request: an employee asks, the line manager agrees, then finance, and the goods are ordered."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from django.contrib.auth.models import Group, User

from demo_shop.demonstration.stories import Day
from demo_shop.models import Employee, PurchaseLine, PurchaseRequest
from demo_shop.policies import FINANCE, publish_policies
from demo_shop.purchasing import ask_for
from pgworkflows import AlreadyDecided
from pgworkflows.models import Approval

EMPLOYEE, LINE_MANAGER, FINANCE_CLERK = "employee", "manager", "finance"
#: By the policy's stage.
DECIDERS = {"line manager": LINE_MANAGER, "finance": FINANCE_CLERK}


def hire() -> None:
    """Publish the policies, and make those who ask and agree, who cannot log in until given a password."""
    publish_policies()
    users = {}
    for username in (EMPLOYEE, LINE_MANAGER, FINANCE_CLERK):
        users[username], new = User.objects.get_or_create(username=username, defaults={"email": f"{username}@example.com"})
        if new:
            users[username].set_unusable_password()
            users[username].save()
    Employee.objects.update_or_create(user=users[EMPLOYEE], defaults={"manager": users[LINE_MANAGER]})
    Group.objects.get(name=FINANCE).user_set.add(users[FINANCE_CLERK])


def ask_for_desks(number: str) -> PurchaseRequest:
    """Have the employee ask for more than the line manager alone may agree to."""
    hire()
    asking = User.objects.get(username=EMPLOYEE)
    request = PurchaseRequest.objects.create(number=number, title="two desks", supplier="Desk & Sons", requested_by=asking)
    for description, quantity, price in (("Desk", 2, "640.00"), ("Delivery", 1, "45.00")):
        PurchaseLine.objects.create(request=request, description=description, quantity=quantity, unit_price=Decimal(price))
    ask_for(request)
    return request


def number_of(day: Day) -> str:
    """Return the number of a run's purchase request."""
    return f"{day.prefix}P1"


def decide_next(day: Day) -> str:
    """Let whoever is asked about a run's purchase request agree; return what happened, or nothing."""
    request = PurchaseRequest.objects.get(number=number_of(day))
    approval = Approval.objects.pending().for_subject(request).select_related("stage").first()
    if approval is None or approval.stage is None:
        return ""
    with suppress(AlreadyDecided):
        approval.approve(User.objects.get(username=DECIDERS[approval.stage.name]), comment="We need them.")
        return f"{request} over {request.total}: {approval.stage.name} agreed"
    return ""


def is_ordered(day: Day) -> bool:
    """Say whether a run's purchase request has become an order."""
    return PurchaseRequest.objects.filter(number=number_of(day), status=PurchaseRequest.Status.ORDERED).exists()


def describe_order(day: Day) -> str:
    """Say what a run's purchase request came to, and who agreed; nothing where the run had none."""
    request = PurchaseRequest.objects.filter(number=number_of(day)).select_related("purchase_order").first()
    if request is None or request.status != PurchaseRequest.Status.ORDERED:
        return ""
    agreed = Approval.objects.for_subject(request).order_by("pk").values_list("decisions__username", flat=True)
    return f"Ordered for {request.purchase_order.amount}: {request.title}, agreed by {' and '.join(map(str, agreed))}"
