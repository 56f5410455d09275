"""Writing checked products and orders, and starting their workflows, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils.text import slugify

from demo_shop.card_processor.cards import GOOD
from demo_shop.imports.checking import (
    ORDER_COLUMNS,
    PRODUCT_COLUMNS,
    OrderRow,
    ProductRow,
    check_orders,
    check_products,
)
from demo_shop.imports.problems import BadLine, ImportRefused
from demo_shop.imports.reading import read_lines
from demo_shop.models import Order, OrderLine, Product
from demo_shop.ordering import start_fulfilment

# Two imports at a time would both believe that an order is new.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('demo_shop.import_orders'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import; what was there before is counted as known."""

    products: int
    known_products: int
    orders: int
    known_orders: int
    lines: int
    bad: list[BadLine]


class BadLines(ImportRefused):
    """Lines are bad, and nobody allowed to skip them."""

    def __init__(self, bad: list[BadLine]) -> None:
        self.bad = bad
        lines = "1 line is" if len(bad) == 1 else f"{len(bad)} lines are"
        super().__init__(f"{lines} bad, so nothing was imported. Correct them, or pass --skip-bad-lines.")


def import_files(products_file: Path, orders_file: Path, *, skip_bad_lines: bool) -> Imported:
    """Import what is new and start one ``fulfil_order`` for each new order; running it again changes nothing.

    Raises ImportRefused, with nothing written.
    """
    products, bad = check_products(read_lines(products_file, PRODUCT_COLUMNS))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME)
        skus = set(Product.objects.values_list("sku", flat=True)) | set(products)
        orders, bad_orders = check_orders(read_lines(orders_file, ORDER_COLUMNS), skus)
        bad += bad_orders
        if bad and not skip_bad_lines:
            raise BadLines(bad)
        new_products = _store_products(products)
        new_orders = _store_orders(orders)
    return Imported(
        products=new_products,
        known_products=len(products) - new_products,
        orders=len(new_orders),
        known_orders=len(orders) - len(new_orders),
        lines=sum(len(order.items) for order in new_orders),
        bad=bad,
    )


def _store_products(rows: Mapping[str, ProductRow]) -> int:
    known = set(Product.objects.filter(sku__in=rows).values_list("sku", flat=True))
    new = [row for row in rows.values() if row.sku not in known]
    Product.objects.bulk_create(
        Product(sku=row.sku, name=row.name, unit_price=row.unit_price, stock=row.units, received=row.units) for row in new
    )
    return len(new)


def _store_orders(rows: Mapping[str, OrderRow]) -> list[OrderRow]:
    known = set(Order.objects.filter(number__in=rows).values_list("number", flat=True))
    new = [row for row in rows.values() if row.number not in known]
    orders = Order.objects.bulk_create([_order(row) for row in new])
    products = dict(Product.objects.values_list("sku", "pk"))
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product_id=products[item.sku],
            unit_price=item.unit_price,
            quantity=item.quantity,
            discount=item.discount,
        )
        for order, row in zip(orders, new, strict=True)
        for item in row.items.values()
    )
    for order in orders:
        start_fulfilment(order)
    return new


def _order(row: OrderRow) -> Order:
    return Order(
        number=row.number,
        customer=row.head.customer,
        email=f"{slugify(row.head.customer) or 'customer'}@example.com",
        country=row.head.country,
        freight=row.head.freight,
        placed_on=row.head.ordered_on,
        card_token=GOOD,
    )
