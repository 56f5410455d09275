"""What the demo's carrier has to carry."""

from collections.abc import Collection, Iterable
from datetime import datetime

from demo_shop.models import Order, Shipment

AT_REST = (Order.Status.COMPLETED, Order.Status.CANCELLED, Order.Status.BACK_ORDERED)


def parcels_on_their_way(sent_before: datetime, *, leave: Collection[str] = ()) -> Iterable[Shipment]:
    """Return parcels that have travelled long enough, except those of the orders numbered in ``leave``."""
    parcels = Shipment.objects.filter(status=Shipment.Status.ON_ITS_WAY, created_at__lte=sent_before)
    return parcels.exclude(order__number__in=leave).select_related("order").order_by("pk")


def parcels_to_come(leave: Collection[str] = ()) -> bool:
    """Say whether an order is still on its way to its customer; a back order that waits for goods is not."""
    return Order.objects.moving().exclude(status__in=AT_REST).exclude(number__in=leave).exists()
