"""Giving money back without calling off the order."""

from decimal import Decimal

from demo_shop import books, letters
from demo_shop.card_client import CardClient, CardRequestRefused
from demo_shop.models import Order, Refund
from demo_shop.workflows.patience import LETTER, REFUND
from pgworkflows import current_step, step, workflow


@workflow(compensate_on=(CardRequestRefused, books.RefundTooLarge))
def refund_order(order_id: int, amount: Decimal, reason: str) -> str:
    """Give back a part of what was paid; returns the processor's reference.

    Only a definite no frees the amount again; an unknown outcome waits for a person.
    """
    refund_id = plan_refund(order_id, amount, reason)
    reference = send_refund(refund_id)
    confirm_refund(refund_id, reference)
    send_refund_note(refund_id)
    return reference


@step
def plan_refund(order_id: int, amount: Decimal, reason: str) -> int:
    """Set the amount aside, so that no other refund takes it."""
    payment = books.latest_payment(Order.objects.get(pk=order_id))
    if payment is None:
        raise books.RefundTooLarge(str(amount), "nothing")
    refund = books.plan_refund(payment.pk, amount=amount, reason=reason, key=current_step().idempotency_key)
    assert refund is not None, "an amount above zero gives a refund"
    return refund.pk


@plan_refund.compensation
def withdraw_refund(order_id: int, amount: Decimal, reason: str, *, result: int) -> None:
    """Set the amount free again."""
    books.withdraw_refund(result)


@step(atomic=False, retry=REFUND)
def send_refund(refund_id: int) -> str:
    """Have the processor give the money back, under the key that the books know the refund by."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    return CardClient.from_settings().refund(refund.payment.processor_reference, amount=refund.amount, key=refund.idempotency_key)


@step
def confirm_refund(refund_id: int, reference: str) -> None:
    """Note that the money is back."""
    books.confirm_refund(refund_id, reference)


@step(atomic=False, retry=LETTER)
def send_refund_note(refund_id: int) -> None:
    """Write to the customer."""
    refund = Refund.objects.select_related("payment__order").get(pk=refund_id)
    letters.send_refund_note(refund, current_step().idempotency_key)
