"""Taking units out of the stock and putting them back.

Every function here runs in the caller's transaction and locks products in the order of their sku, so that
two orders for the same goods never wait for each other in a circle.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from demo_shop.models import Order, OrderLine, Product


class OutOfStock(Exception):
    """There is too little of something; the arguments are the order's number and what is missing."""

    def __init__(self, number: str, missing: str) -> None:
        super().__init__(number, missing)

    def __str__(self) -> str:
        return f"Order {self.args[0]} cannot be served: {self.args[1]}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A line for which ``missing`` units are not there."""

    line: OrderLine
    missing: int


def take(order: Order) -> list[Shortage]:
    """Take what the order wants out of the stock, or nothing at all.

    Returns the lines for which there is too little; when there are any, nothing was taken.
    """
    lines = list(order.lines.all())
    stock = {product.pk: product.stock for product in locked_products(line.product_id for line in lines)}
    shortages = find_shortages(lines, stock)
    if not shortages:
        _move(lines, sign=-1)
    return shortages


def put_back(order: Order) -> None:
    """Return the units of an order that had taken them."""
    lines = list(order.lines.all())
    locked_products(line.product_id for line in lines)
    _move(lines, sign=1)


def find_shortages(lines: Iterable[OrderLine], stock: Mapping[int, int]) -> list[Shortage]:
    """Serve the lines one after the other from ``stock`` (units by product) and return what is missing."""
    left = dict(stock)
    shortages = []
    for line in lines:
        there = min(line.quantity, left[line.product_id])
        left[line.product_id] -= there
        if there < line.quantity:
            shortages.append(Shortage(line=line, missing=line.quantity - there))
    return shortages


def split(order: Order, shortages: Iterable[Shortage]) -> Order | None:
    """Move the missing units to a new order and return it; None when nothing would be left of this one."""
    missing = {shortage.line.pk: shortage.missing for shortage in shortages}
    lines = list(order.lines.all())
    if all(missing.get(line.pk) == line.quantity for line in lines):
        return None
    rest = Order.objects.create(
        number=_number_of_back_order(order),
        customer=order.customer,
        email=order.email,
        country=order.country,
        card_token=order.card_token,
        placed_on=order.placed_on,
        allow_split=True,
        split_from=order,
    )
    for line in lines:
        if units := missing.get(line.pk):
            _move_to(rest, line, units)
    return rest


def describe(shortages: Iterable[Shortage]) -> str:
    """Name what is missing, for people."""
    return ", ".join(f"{shortage.missing} x {shortage.line.product.name} missing" for shortage in shortages)


def receive(deliveries: Mapping[str, int]) -> list[Order]:
    """Add goods that came in (units by sku); return the back orders that they may serve."""
    with transaction.atomic():
        wanted = Product.objects.filter(sku__in=deliveries).values_list("pk", flat=True)
        products = locked_products(list(wanted))
        for product in products:
            units = deliveries[product.sku]
            Product.objects.filter(pk=product.pk).update(stock=F("stock") + units, received=F("received") + units)
        waiting = Order.objects.filter(status=Order.Status.BACK_ORDERED, lines__product__in=products)
        return list(waiting.distinct().order_by("pk"))


def locked_products(keys: Iterable[int]) -> list[Product]:
    """Lock products in the order of their sku."""
    products = Product.objects.filter(pk__in=set(keys)).order_by("sku")
    # NO KEY: an order line that refers to the product can still be written meanwhile.
    return list(products.select_for_update(no_key=True))


def _move(lines: Iterable[OrderLine], *, sign: int) -> None:
    units: Counter[int] = Counter()
    for line in lines:
        units[line.product_id] += line.quantity
    by_change: dict[int, list[int]] = defaultdict(list)
    for product, change in units.items():
        by_change[change * sign].append(product)
    for change, products in by_change.items():
        Product.objects.filter(pk__in=products).update(stock=F("stock") + change)


def _move_to(rest: Order, line: OrderLine, units: int) -> None:
    if units == line.quantity:
        OrderLine.objects.filter(pk=line.pk).update(order=rest)
        return
    OrderLine.objects.filter(pk=line.pk).update(quantity=F("quantity") - units)
    OrderLine.objects.create(
        order=rest, product_id=line.product_id, unit_price=line.unit_price, quantity=units, discount=line.discount
    )


def _number_of_back_order(order: Order) -> str:
    first, splits = order, 1
    while first.split_from is not None:
        first, splits = first.split_from, splits + 1
    return f"{first.number}-B{splits}"
