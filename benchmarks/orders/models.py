"""What steps write."""

from django.db import models

PAYLOAD = "x" * 20


class Row(models.Model):
    """What one step of one order has done."""

    order = models.BigIntegerField()
    step = models.IntegerField()
    payload = models.TextField(default=PAYLOAD)

    objects: models.Manager["Row"] = models.Manager()

    def __str__(self) -> str:
        return f"order {self.order}, step {self.step}"


class Stock(models.Model):
    """A hot row: many orders decrement it."""

    units = models.IntegerField()

    objects: models.Manager["Stock"] = models.Manager()

    def __str__(self) -> str:
        return f"{self.units} units"
