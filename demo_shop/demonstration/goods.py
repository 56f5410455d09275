"""The catalogue: made up here, the same on every machine."""

import random
from dataclasses import dataclass
from decimal import Decimal

from demo_shop.models import Product
from demo_shop.money import CENT
from demo_shop.warehouse import receive_goods

SEED = 20
MATERIALS = ("Ash", "Brass", "Cork", "Felt", "Linen", "Marble", "Steel", "Walnut")
THINGS = ("bookend", "bowl", "candlestick", "clock", "coaster", "tray", "vase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """A product, and how many units each run of the demo brings in."""

    sku: str
    name: str
    unit_price: Decimal
    units: int


# Enough of these for every order that the demo has a story for, whatever else happens.
TABLE = Goods(sku="oak-table", name="Oak table", unit_price=Decimal("890.00"), units=200)
CHAIR = Goods(sku="oak-chair", name="Oak chair", unit_price=Decimal("129.00"), units=300)
MUG = Goods(sku="mug", name="Stoneware mug", unit_price=Decimal("14.50"), units=400)
# Too few of these: whoever wants them waits for the next delivery.
LANTERN = Goods(sku="lantern", name="Glass lantern", unit_price=Decimal("36.00"), units=3)
STORIED = (TABLE, CHAIR, MUG, LANTERN)


def catalogue() -> list[Goods]:
    """Return sixty products; of the ordinary ones there is too little for the demo's orders."""
    chance = random.Random(SEED)
    ordinary = [
        Goods(
            sku=f"{material}-{thing}".lower(),
            name=f"{material} {thing}",
            unit_price=Decimal(chance.randrange(900, 19_900, 50)) * CENT,
            units=chance.randint(10, 26),
        )
        for material in MATERIALS
        for thing in THINGS
    ]
    return [*ordinary, *STORIED]


def stock_the_shelves() -> None:
    """Take one delivery of everything in."""
    goods = catalogue()
    Product.objects.bulk_create(
        (Product(sku=item.sku, name=item.name, unit_price=item.unit_price) for item in goods), ignore_conflicts=True
    )
    receive_goods({item.sku: item.units for item in goods})
