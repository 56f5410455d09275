"""From the shop's inbox to the customer's door."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.conf import settings

from demo_shop import books, letters, stock
from demo_shop.apps import ORDER_MANAGERS
from demo_shop.card_client import CardClient, Charge
from demo_shop.letters import LetterNotSent
from demo_shop.models import Order, Shipment
from demo_shop.stock import OutOfStock
from demo_shop.workflows.patience import CARD, LETTER, REFUND
from pgworkflows import current_step, request_approval, set_state, step, wait_for_event, workflow


class OrderRejected(Exception):
    """A manager refused to release the order; the argument is the comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What came of looking into the stock; ``reserved`` is False for a back order that has to wait."""

    reserved: bool
    title: str
    total: Decimal
    needs_approval: bool


@workflow
def fulfil_order(order_id: int) -> str:
    """Bring an order to its customer, or undo what was done; returns who signed for it."""
    accept_order(order_id)
    # A letter that cannot be sent is no reason to stop an order.
    with suppress(LetterNotSent):
        acknowledge_order(order_id)
    reservation = reserve_stock(order_id)
    while not reservation.reserved:
        wait_for_event("restocked", timeout=timedelta(days=90))
        reservation = reserve_stock(order_id)
    if reservation.needs_approval:
        hold_for_approval(order_id)
        set_state("AWAITING_APPROVAL")
        outcome = request_approval(reservation.title, groups=[ORDER_MANAGERS], timeout=timedelta(days=14))
        if not outcome.approved:
            raise OrderRejected(outcome.comment or outcome.status)
        release_for_payment(order_id)
    charge = charge_card(order_id)
    record_payment(order_id, charge)
    tracking = create_shipment(order_id)
    set_state("SHIPPED")
    with suppress(LetterNotSent):
        send_shipping_note(order_id, tracking)
    delivery = wait_for_event("delivered", correlation=tracking, timeout=timedelta(days=30))
    signed_by: str = delivery["signed_by"]
    complete_order(order_id, signed_by)
    return signed_by


@step
def accept_order(order_id: int) -> None:
    """Begin to work on it."""
    order = locked_order(order_id)
    order.accept()
    order.save(update_fields=["status"])


@accept_order.compensation
def cancel_order(order_id: int, *, result: None) -> None:
    """End it; this is undone last."""
    order = locked_order(order_id)
    order.cancel()
    order.save(update_fields=["status"])


@step(atomic=False, retry=LETTER)
def acknowledge_order(order_id: int) -> None:
    """Write to the customer that the order came in."""
    letters.send_acknowledgement(Order.objects.get(pk=order_id), current_step().idempotency_key)


@acknowledge_order.compensation(atomic=False, retry=LETTER)
def apologise(order_id: int, *, result: None) -> None:
    """Write to the customer that nothing will come of it."""
    letters.send_apology(Order.objects.get(pk=order_id), current_step().idempotency_key)


@step
def reserve_stock(order_id: int) -> Reservation:
    """Take the goods out of the stock; what is missing becomes a back order where the customer allows it.

    Raises OutOfStock.
    """
    order = locked_order(order_id)
    shortages = stock.take(order)
    if shortages:
        rest = stock.split(order, shortages) if order.allow_split else None
        if rest is None:
            return wait_for_goods(order, shortages)
        fulfil_order.using(key=rest.number, subject=rest).start(order_id=rest.pk)
        stock.take(order)
    order.reserve()
    order.save(update_fields=["status"])
    return reservation_of(order, reserved=True)


@reserve_stock.compensation
def release_stock(order_id: int, *, result: Reservation) -> None:
    """Put the goods back."""
    if result.reserved:
        order = locked_order(order_id)
        stock.put_back(order)
        order.release()
        order.save(update_fields=["status"])


@step
def hold_for_approval(order_id: int) -> None:
    """Note that a manager has to look at it."""
    order = locked_order(order_id)
    order.ask_for_approval()
    order.save(update_fields=["status"])


@step
def release_for_payment(order_id: int) -> None:
    """Note that a manager agreed."""
    order = locked_order(order_id)
    order.approve()
    order.save(update_fields=["status"])


@step(atomic=False, retry=CARD, timeout=timedelta(seconds=30))
def charge_card(order_id: int) -> Charge:
    """Take the money; however often this is tried, the processor takes it once."""
    order = Order.objects.get(pk=order_id)
    return CardClient.from_settings().charge(
        card=order.card_token, amount=order.total, description=str(order), key=current_step().idempotency_key
    )


@charge_card.compensation(atomic=False, retry=REFUND)
def refund_charge(order_id: int, *, result: Charge | None) -> None:
    """Give back what is left of the charge; without a result, ask the processor first what became of it."""
    step = current_step()
    assert step.compensates is not None, "a compensation knows the step that it undoes"
    client = CardClient.from_settings()
    charge = result or client.close(step.compensates.idempotency_key)
    if charge is None:
        return
    payment = books.record_payment(order_id, charge)
    refund = books.plan_refund(payment.pk, reason="Order cancelled", key=step.idempotency_key)
    if refund is not None:
        reference = client.refund(charge.reference, amount=refund.amount, key=step.idempotency_key)
        books.confirm_refund(refund.pk, reference)


@step
def record_payment(order_id: int, charge: Charge) -> None:
    """Enter the charge in the books."""
    order = locked_order(order_id)
    books.record_payment(order_id, charge)
    order.pay()
    order.save(update_fields=["status"])


@step
def create_shipment(order_id: int) -> str:
    """Hand the parcel to the carrier; returns its tracking number."""
    order = locked_order(order_id)
    shipment = Shipment.objects.create(order=order, tracking=f"DS{order.pk:09d}")
    order.ship()
    order.save(update_fields=["status"])
    return shipment.tracking


@create_shipment.compensation
def cancel_shipment(order_id: int, *, result: str) -> None:
    """Call the parcel back."""
    Shipment.objects.filter(tracking=result).update(status=Shipment.Status.CANCELLED)


@step(atomic=False, retry=LETTER)
def send_shipping_note(order_id: int, tracking: str) -> None:
    """Write to the customer that the parcel left."""
    letters.send_shipping_note(Order.objects.get(pk=order_id), current_step().idempotency_key, tracking)


@step
def complete_order(order_id: int, signed_by: str) -> None:
    """Close the order."""
    order = locked_order(order_id)
    Shipment.objects.filter(order=order).update(status=Shipment.Status.DELIVERED)
    order.complete(signed_by)
    order.save(update_fields=["status", "signed_by"])


def locked_order(order_id: int) -> Order:
    """Return the order, locked for this transaction."""
    return Order.objects.select_for_update(no_key=True).get(pk=order_id)


def reservation_of(order: Order, *, reserved: bool) -> Reservation:
    """Describe the order as it is now."""
    return Reservation(
        reserved=reserved,
        title=f"Release order {order.number} over {order.total}",
        total=order.total,
        needs_approval=order.total > settings.SHOP_APPROVAL_LIMIT,
    )


def wait_for_goods(order: Order, shortages: list[stock.Shortage]) -> Reservation:
    """Let a back order wait; any other order raises OutOfStock."""
    if order.split_from_id is None:
        raise OutOfStock(order.number, stock.describe(shortages))
    if order.status != Order.Status.BACK_ORDERED:
        order.wait_for_stock()
        order.save(update_fields=["status"])
    return reservation_of(order, reserved=False)
