"""Orders, their lines, and the way an order may go."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django_fsm import FSMField, FSMModelMixin, transition

from demo_shop.models.product import Product
from demo_shop.money import line_amount, total
from pgworkflows import WorkflowRelation
from pgworkflows.models import Workflow


class OrderStatus(models.TextChoices):
    """Where an order is on its way."""

    # The customer has sent it; nothing has happened yet.
    NEW = "NEW", "New"
    # The shop has begun to work on it.
    ACCEPTED = "ACCEPTED", "Accepted"
    # A back order: it goes on when goods come in.
    BACK_ORDERED = "BACK_ORDERED", "Waiting for stock"
    # Its units are taken out of the stock.
    RESERVED = "RESERVED", "Reserved"
    # It is large: a manager has to release it.
    AWAITING_APPROVAL = "AWAITING_APPROVAL", "Waiting for approval"
    # A manager has released it.
    APPROVED = "APPROVED", "Approved"
    # The card has been charged.
    PAID = "PAID", "Paid"
    # The parcel is on its way.
    SHIPPED = "SHIPPED", "Shipped"
    # Somebody signed for the parcel.
    COMPLETED = "COMPLETED", "Completed"
    # It failed or was called off; its units are back in the stock.
    CANCELLING = "CANCELLING", "Being cancelled"
    # It failed or was called off, and all that had been done was undone.
    CANCELLED = "CANCELLED", "Cancelled"


class OrderQuerySet(models.QuerySet["Order"]):
    """Scopes named for what they find."""

    def moving(self) -> OrderQuerySet:
        """Find orders whose fulfilment has not ended and needs nobody to look at it."""
        status = Workflow.Status
        moving = (status.PENDING, status.RUNNING, status.WAITING, status.COMPENSATING)
        return self.filter(workflows__name="demo_shop.fulfil_order", workflows__status__in=moving)


class Order(FSMModelMixin, models.Model):
    """What one customer wants; ``fulfil_order`` moves it along.

    A split order keeps the lines that could be shipped; the rest is another order whose ``split_from`` is this one.
    """

    Status = OrderStatus
    # Units of an order in one of these are out of the stock.
    HOLDING_STOCK = (
        OrderStatus.RESERVED,
        OrderStatus.AWAITING_APPROVAL,
        OrderStatus.APPROVED,
        OrderStatus.PAID,
        OrderStatus.SHIPPED,
        OrderStatus.COMPLETED,
    )

    number = models.CharField(max_length=40, unique=True)
    customer = models.CharField(max_length=200)
    email = models.EmailField()
    country = models.CharField(max_length=100)
    freight = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    card_token = models.CharField(max_length=40, help_text="The card processor's name for the card.")
    placed_on = models.DateField(default=timezone.localdate)
    allow_split = models.BooleanField(default=False, help_text="Ship what is there, the rest later.")
    split_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="back_orders")
    status = FSMField(choices=Status.choices, default=Status.NEW, protected=True)
    signed_by = models.CharField(max_length=200, blank=True)

    workflows = WorkflowRelation()

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_on", "-pk"]
        indexes = [models.Index(fields=["status"], name="order_by_status")]
        constraints = [models.CheckConstraint(condition=models.Q(freight__gte=0), name="order_freight_not_negative")]

    def __str__(self) -> str:
        return f"order {self.number}"

    def get_absolute_url(self) -> str:
        """Return the address of the customer's page."""
        return reverse("demo_shop:order", args=[self.number])

    @property
    def total(self) -> Decimal:
        """Return what the customer pays, rounded once."""
        return total((line.amount for line in self.lines.all()), self.freight)

    @transition(field=status, source=Status.NEW, target=Status.ACCEPTED)
    def accept(self) -> None:
        """Begin to work on it."""

    @transition(field=status, source=Status.ACCEPTED, target=Status.BACK_ORDERED)
    def wait_for_stock(self) -> None:
        """Wait until goods come in."""

    @transition(field=status, source=[Status.ACCEPTED, Status.BACK_ORDERED], target=Status.RESERVED)
    def reserve(self) -> None:
        """Note that its units were taken out of the stock."""

    @transition(field=status, source=Status.RESERVED, target=Status.AWAITING_APPROVAL)
    def ask_for_approval(self) -> None:
        """Wait for a manager."""

    @transition(field=status, source=Status.AWAITING_APPROVAL, target=Status.APPROVED)
    def approve(self) -> None:
        """Note that a manager released it."""

    @transition(field=status, source=[Status.RESERVED, Status.APPROVED], target=Status.PAID)
    def pay(self) -> None:
        """Note that the card was charged."""

    @transition(field=status, source=Status.PAID, target=Status.SHIPPED)
    def ship(self) -> None:
        """Note that the parcel left."""

    @transition(field=status, source=Status.SHIPPED, target=Status.COMPLETED)
    def complete(self, signed_by: str) -> None:
        """Note who signed for the parcel."""
        self.signed_by = signed_by

    @transition(
        field=status,
        source=[held for held in HOLDING_STOCK if held != OrderStatus.COMPLETED],
        target=Status.CANCELLING,
    )
    def release(self) -> None:
        """Note that its units went back into the stock."""

    @transition(
        field=status,
        source=[Status.NEW, Status.ACCEPTED, Status.BACK_ORDERED, Status.CANCELLING],
        target=Status.CANCELLED,
    )
    def cancel(self) -> None:
        """End it; by now everything is undone."""


class OrderLine(models.Model):
    """So many units of one product, at the price of the day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.IntegerField()
    discount = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal(0), help_text="Fraction of 1.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_line_quantity_positive"),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="order_line_price_not_negative"),
            models.CheckConstraint(
                condition=models.Q(discount__gte=0, discount__lte=1), name="order_line_discount_is_a_fraction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"

    @property
    def amount(self) -> Decimal:
        """Return what the line costs, not rounded."""
        return line_amount(self.unit_price, self.quantity, self.discount)
