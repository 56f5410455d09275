"""What employees want the shop to buy for itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django_fsm import FSMField, FSMModelMixin, transition

from demo_shop.money import line_amount, total
from pgworkflows import WorkflowRelation


class PurchaseStatus(models.TextChoices):
    """Where a purchase request is on its way."""

    # It is being written; nobody has been asked.
    DRAFT = "DRAFT", "Draft"
    # People are asked about it.
    ASKED = "ASKED", "Waiting for approval"
    # Everybody agreed, and the goods are ordered.
    ORDERED = "ORDERED", "Ordered"
    # Somebody did not agree, or it was taken back.
    CLOSED = "CLOSED", "Closed"


class PurchaseRequest(FSMModelMixin, models.Model):
    """What one employee wants to have bought; ``purchase`` has it approved and orders it.

    Whoever changes a line locks this row first, so that what is approved cannot change while it is decided or ordered.
    """

    Status = PurchaseStatus

    number = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    supplier = models.CharField(max_length=200)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = FSMField(choices=Status.choices, default=Status.DRAFT, protected=True)

    workflows = WorkflowRelation()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"purchase request {self.number}"

    @property
    def total(self) -> Decimal:
        """Return what all lines come to."""
        return total((line.amount for line in self.lines.all()), freight=Decimal(0))

    def approval_snapshot(self) -> dict[str, Any]:
        """Return what approvers see and agree to: the request with its lines."""
        return {
            "number": self.number,
            "title": self.title,
            "supplier": self.supplier,
            "requested_by": str(self.requested_by),
            "total": self.total,
            "lines": list(self.lines.order_by("pk").values("description", "quantity", "unit_price")),
        }

    @transition(field=status, source=Status.DRAFT, target=Status.ASKED)
    def ask(self) -> None:
        """Put it before those who have to agree."""

    @transition(field=status, source=Status.ASKED, target=Status.ORDERED)
    def order(self) -> None:
        """Note that the goods are ordered."""

    @transition(field=status, source=Status.ASKED, target=Status.CLOSED)
    def close(self) -> None:
        """Note that nothing comes of it."""


class PurchaseLine(models.Model):
    """So many of one thing, at a price."""

    request = models.ForeignKey(PurchaseRequest, on_delete=models.CASCADE, related_name="lines")
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="purchase_line_quantity_positive"),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="purchase_line_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.description}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it under the lock of its request."""
        with transaction.atomic():
            # A decision and the order hold this lock while they compare the lines with what was shown.
            PurchaseRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.request_id)
            super().save(*args, **kwargs)

    @property
    def amount(self) -> Decimal:
        """Return what the line costs."""
        return line_amount(self.unit_price, self.quantity, Decimal(0))


class PurchaseOrder(models.Model):
    """What was ordered from a supplier for one request."""

    request = models.OneToOneField(PurchaseRequest, on_delete=models.PROTECT, related_name="purchase_order")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"order over {self.amount} for {self.request}"
