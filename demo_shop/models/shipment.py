"""Parcels."""

from django.db import models

from demo_shop.models.order import Order


class ShipmentStatus(models.TextChoices):
    """Where a parcel is."""

    # The carrier has it.
    ON_ITS_WAY = "ON_ITS_WAY", "On its way"
    # Somebody signed for it.
    DELIVERED = "DELIVERED", "Delivered"
    # Called back before it arrived.
    CANCELLED = "CANCELLED", "Cancelled"


class Shipment(models.Model):
    """One parcel; an order has one at most."""

    Status = ShipmentStatus

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="shipment")
    tracking = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ON_ITS_WAY)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"parcel {self.tracking}"
