"""Goods that come in, and the back orders that wait for them."""

from collections.abc import Mapping

from django.db import transaction

from demo_shop import stock
from demo_shop.models import Order


def receive_goods(deliveries: Mapping[str, int]) -> list[Order]:
    """Add units by sku to the stock and wake the back orders that want them; returns those orders."""
    with transaction.atomic():
        orders = stock.receive(deliveries)
        for order in orders:
            for workflow in order.workflows.unfinished():
                workflow.send_event("restocked", {"skus": sorted(deliveries)})
    return orders
