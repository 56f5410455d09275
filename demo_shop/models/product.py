"""Goods and how many of them are left."""

from django.db import models


class Product(models.Model):
    """Something the shop sells.

    Units never appear or vanish: ``received`` is ``stock`` plus what orders hold (``Order.HOLDING_STOCK``).
    """

    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField(default=0, help_text="Units that can still be sold.")
    received = models.IntegerField(default=0, help_text="Units that ever came in.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(stock__gte=0), name="product_stock_not_negative"),
            models.CheckConstraint(condition=models.Q(received__gte=models.F("stock")), name="product_stock_was_received"),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="product_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name
