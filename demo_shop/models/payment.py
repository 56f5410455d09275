"""The shop's own books of what it charged and gave back."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from demo_shop.models.order import Order


class Payment(models.Model):
    """One capture at the card processor; ``refunded`` can never pass ``amount``."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    refunded = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    idempotency_key = models.CharField(max_length=200, unique=True)
    processor_reference = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")), name="payment_refunded_within_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.order}"

    @property
    def refundable(self) -> Decimal:
        """Return what has not been given back yet."""
        return self.amount - self.refunded


class RefundStatus(models.TextChoices):
    """Whether the money is back."""

    # Set aside in the books; the processor has not confirmed it.
    PLANNED = "PLANNED", "Planned"
    # The processor has given the money back.
    SENT = "SENT", "Sent"
    # The processor would not; the amount is free again.
    WITHDRAWN = "WITHDRAWN", "Withdrawn"


class Refund(models.Model):
    """Money given back, the whole payment or a part of it."""

    Status = RefundStatus

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=200)
    idempotency_key = models.CharField(max_length=200, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    processor_reference = models.CharField(max_length=80, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(processor_reference__isnull=False) | ~Q(status="SENT"), name="refund_sent_has_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} back for {self.payment.order}"
