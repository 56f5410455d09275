"""Placing orders: the order and its workflow come into being in one transaction."""

import secrets
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from demo_shop.models import Cart, Order, OrderLine
from demo_shop.workflows import fulfil_order, refund_order
from pgworkflows import WorkflowFinished
from pgworkflows.models import Workflow


class CartIsEmpty(Exception):
    """There is nothing in the cart that could be ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the checkout asks for."""

    customer: str
    email: str
    country: str
    card_token: str
    allow_split: bool = False


def check_out(cart_id: int, customer: Customer, *, requested_by: AbstractBaseUser | None = None) -> Order:
    """Turn a cart into an order and start its fulfilment; the same cart gives the same order.

    Raises CartIsEmpty.
    """
    with transaction.atomic():
        # The lock makes a form that is sent twice wait, and then find the first one's order.
        cart = Cart.objects.select_for_update(of=("self",)).select_related("order").get(pk=cart_id)
        if cart.order is not None:
            return cart.order
        order = _order_from(cart, customer)
        start_fulfilment(order, requested_by=requested_by)
        cart.order = order
        cart.save(update_fields=["order"])
        return order


def start_fulfilment(order: Order, *, requested_by: AbstractBaseUser | None = None) -> Workflow:
    """Start ``fulfil_order`` for a new order, in the caller's transaction; once per order number."""
    start = fulfil_order.using(key=order.number, subject=order, requested_by=requested_by)
    return start.start(order_id=order.pk)


def call_off(order: Order) -> bool:
    """Ask the order's workflow to stop and to undo what it did; False when it has ended already."""
    workflow = order.workflows.unfinished().filter(name=fulfil_order.name).first()
    if workflow is None:
        return False
    try:
        workflow.cancel("Cancelled on the order's page.")
    except WorkflowFinished:
        return False
    return True


def give_back(order: Order, *, amount: Decimal, reason: str) -> Workflow:
    """Start a partial refund."""
    return refund_order.using(subject=order).start(order_id=order.pk, amount=amount, reason=reason)


def _order_from(cart: Cart, customer: Customer) -> Order:
    lines = list(cart.lines.select_related("product"))
    if not lines:
        raise CartIsEmpty("The cart is empty.")
    order = Order.objects.create(
        number=f"W{secrets.token_hex(4).upper()}",
        customer=customer.customer,
        email=customer.email,
        country=customer.country,
        card_token=customer.card_token,
        allow_split=customer.allow_split,
        freight=settings.SHOP_FREIGHT,
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=line.product, unit_price=line.product.unit_price, quantity=line.quantity) for line in lines
    )
    return order
