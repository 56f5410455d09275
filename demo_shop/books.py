"""The shop's own books: what was charged, what is to be given back, what has been.

Each entry is made once per idempotency key, so that a step which runs again changes nothing.
"""

from decimal import Decimal

from django.db import transaction

from demo_shop.card_client import Charge
from demo_shop.models import Order, Payment, Refund


class RefundTooLarge(Exception):
    """More is asked back than is left; the arguments are the amount and what is left."""

    def __init__(self, amount: str, left: str) -> None:
        super().__init__(amount, left)

    def __str__(self) -> str:
        return f"A refund of {self.args[0]} is not possible: {self.args[1]} is left of what was paid."


def record_payment(order_id: int, charge: Charge) -> Payment:
    """Enter a capture."""
    payment, _ = Payment.objects.get_or_create(
        idempotency_key=charge.idempotency_key,
        defaults={"order_id": order_id, "amount": charge.amount, "processor_reference": charge.reference},
    )
    return payment


def plan_refund(payment_id: int, *, reason: str, key: str, amount: Decimal | None = None) -> Refund | None:
    """Set aside an amount of a payment, or all that is left of it; None when nothing is left.

    Raises RefundTooLarge. From here on two refunds together can never pass the payment.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        found = Refund.objects.filter(idempotency_key=key).first()
        if found is not None:
            return found
        wanted = payment.refundable if amount is None else amount
        if wanted > payment.refundable:
            raise RefundTooLarge(str(wanted), str(payment.refundable))
        if not wanted:
            return None
        payment.refunded += wanted
        payment.save(update_fields=["refunded"])
        return Refund.objects.create(payment=payment, amount=wanted, reason=reason, idempotency_key=key)


def confirm_refund(refund_id: int, reference: str) -> None:
    """Note that the processor has given the money back."""
    Refund.objects.filter(pk=refund_id).update(status=Refund.Status.SENT, processor_reference=reference)


def withdraw_refund(refund_id: int) -> None:
    """Set the amount of a planned refund free again."""
    with transaction.atomic():
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        if refund.status == Refund.Status.PLANNED:
            payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
            payment.refunded -= refund.amount
            payment.save(update_fields=["refunded"])
            refund.status = Refund.Status.WITHDRAWN
            refund.save(update_fields=["status"])


def latest_payment(order: Order) -> Payment | None:
    """Return the payment that a refund of this order would take from."""
    return order.payments.first()
