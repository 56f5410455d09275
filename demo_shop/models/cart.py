"""What a visitor has put aside."""

from decimal import Decimal

from django.db import models

from demo_shop.models.order import Order
from demo_shop.models.product import Product
from demo_shop.money import line_amount, total


class Cart(models.Model):
    """One visitor's basket; ``order`` is set by the checkout, so a cart becomes one order at most."""

    created_at = models.DateTimeField(auto_now_add=True)
    order = models.OneToOneField(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="cart")

    def __str__(self) -> str:
        return f"cart {self.pk}"

    @property
    def total(self) -> Decimal:
        """Return what the goods cost today, freight not included."""
        return total((line.amount for line in self.lines.select_related("product")), freight=Decimal(0))


class CartLine(models.Model):
    """So many units of one product."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "product"], name="cart_line_once_per_product"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="cart_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"

    @property
    def amount(self) -> Decimal:
        """Return what the line costs today."""
        return line_amount(self.product.unit_price, self.quantity, Decimal(0))
