"""From lines to products and orders, or to what is wrong with them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from demo_shop.imports import values
from demo_shop.imports.problems import BadLine, BadValue
from demo_shop.imports.reading import Line
from demo_shop.money import line_amount, rounded, total

PRODUCT_COLUMNS = ("sku", "name", "unit_price", "units_in_stock")
ORDER_COLUMNS = (
    "order",
    "ordered_on",
    "customer",
    "ship_country",
    "freight",
    "sku",
    "unit_price",
    "quantity",
    "discount",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product as the file gives it."""

    sku: str
    name: str
    unit_price: Decimal
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHead:
    """What all lines of an order have to agree on."""

    ordered_on: date
    customer: str
    country: str
    freight: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One line of an order."""

    sku: str
    unit_price: Decimal
    quantity: int
    discount: Decimal


@dataclass(slots=True, kw_only=True)
class OrderRow:
    """An order as the file gives it; ``line`` is the first of its lines."""

    number: str
    head: OrderHead
    first: Line
    items: dict[str, ItemRow] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """Return what the customer will pay."""
        amounts = (line_amount(item.unit_price, item.quantity, item.discount) for item in self.items.values())
        return total(amounts, self.head.freight)


def check_products(lines: Iterable[Line | BadLine]) -> tuple[dict[str, ProductRow], list[BadLine]]:
    """Return products by sku, and the bad lines; of a sku that comes twice the first line counts."""
    products: dict[str, ProductRow] = {}
    bad = []
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            product = _product(line)
        except BadValue as problem:
            bad.append(line.bad(str(problem)))
            continue
        if product.sku in products:
            bad.append(line.bad(f"sku {product.sku} comes twice"))
        else:
            products[product.sku] = product
    return products, bad


def check_orders(lines: Iterable[Line | BadLine], known_skus: Collection[str]) -> tuple[dict[str, OrderRow], list[BadLine]]:
    """Return complete orders by number, and the bad lines; an order with a bad line is left out as a whole."""
    orders: dict[str, OrderRow] = {}
    bad: list[BadLine] = []
    incomplete: set[str] = set()
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        try:
            _add_line(orders, line, known_skus)
        except BadValue as problem:
            bad.append(line.bad(str(problem)))
            incomplete.add(line.values["order"])
    for order in orders.values():
        if order.number not in incomplete and order.total <= 0:
            bad.append(order.first.bad(f"order {order.number} costs nothing: there is nothing to charge"))
            incomplete.add(order.number)
    return {number: order for number, order in orders.items() if number not in incomplete}, bad


def _product(line: Line) -> ProductRow:
    return ProductRow(
        sku=values.identifier(line.values, "sku"),
        name=values.text(line.values, "name", longest=200),
        unit_price=rounded(values.amount(line.values, "unit_price")),
        units=values.count(line.values, "units_in_stock", least=0),
    )


def _add_line(orders: dict[str, OrderRow], line: Line, known_skus: Collection[str]) -> None:
    number = values.identifier(line.values, "order")
    head, item = _head(line), _item(line)
    order = orders.setdefault(number, OrderRow(number=number, head=head, first=line))
    if head != order.head:
        raise BadValue(f"order {number} has another date, customer, country or freight in line {order.first.number}")
    if item.sku not in known_skus:
        raise BadValue(f"sku {item.sku} is unknown: it is neither in the products file nor in the shop")
    if item.sku in order.items:
        raise BadValue(f"sku {item.sku} comes twice in order {number}")
    order.items[item.sku] = item


def _head(line: Line) -> OrderHead:
    return OrderHead(
        ordered_on=values.day(line.values, "ordered_on"),
        customer=values.text(line.values, "customer", longest=200),
        country=values.text(line.values, "ship_country", longest=100),
        freight=rounded(values.amount(line.values, "freight")),
    )


def _item(line: Line) -> ItemRow:
    return ItemRow(
        sku=values.identifier(line.values, "sku"),
        unit_price=rounded(values.amount(line.values, "unit_price")),
        quantity=values.count(line.values, "quantity", least=1),
        discount=values.fraction(line.values, "discount"),
    )
