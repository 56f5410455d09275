"""`python -m benchmarks.limits.plain_django ORDERS FIRST`: five ORM creates in one `atomic()` an order, without an engine."""

from __future__ import annotations

import json
import sys
import time

import django

WARM_UP = 50


def create_orders(orders: range) -> float:
    """Write five rows for each order; return the seconds that it took."""
    from django.db import transaction

    from benchmarks.orders.models import Row
    from benchmarks.orders.workflows import STEPS

    began = time.perf_counter()
    for order in orders:
        with transaction.atomic():
            for number in range(1, STEPS + 1):
                Row.objects.create(order=order, step=number)
    return time.perf_counter() - began


def main() -> None:
    """Warm up with orders of negative numbers, wait for the word, and measure."""
    django.setup()
    orders, first = int(sys.argv[1]), int(sys.argv[2])
    create_orders(range(-first - WARM_UP, -first))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps({"seconds": create_orders(range(first, first + orders))}))


if __name__ == "__main__":
    main()
