"""The orders of one run: most are ordinary, some have a story to tell."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db import transaction

from demo_shop.card_processor import cards
from demo_shop.demonstration.goods import CHAIR, LANTERN, MUG, SEED, STORIED, TABLE, Goods, catalogue
from demo_shop.models import Order, OrderLine, Product
from demo_shop.ordering import start_fulfilment

CUSTOMERS = ("Ada", "Blaise", "Chien", "Dorothy", "Edsger", "Frances", "Grace", "Hedy", "Kurt", "Leslie", "Radia")
COUNTRIES = ("Brazil", "Chile", "France", "Ghana", "Japan", "Kenya", "Norway", "Poland")
ORDINARY_ORDERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An order that the demo will place; ``wait`` leaves it to the visitor to decide or to deliver."""

    items: tuple[tuple[Goods, int], ...]
    number: str = ""
    card: str = cards.GOOD
    allow_split: bool = False
    discount: Decimal = Decimal(0)
    wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All orders of one run, told apart by ``prefix``."""

    prefix: str
    stories: list[Story] = field(default_factory=list)

    @property
    def left_waiting(self) -> list[str]:
        """Return the numbers of the orders that nobody decides or delivers."""
        return [story.number for story in self.stories if story.wait]

    @property
    def refunded_in_part(self) -> str:
        """Return the number of the order whose customer gets something back."""
        return self.stories[0].number


def next_day() -> Day:
    """Plan the next run: its numbers are new, everything else is the same every time."""
    run = 1
    while Order.objects.filter(number__startswith=f"D{run}-").exists():
        run += 1
    prefix = f"D{run}-"
    planned = [*_storied(), *_ordinary(random.Random(SEED))]
    return Day(
        prefix=prefix,
        stories=[replace(story, number=f"{prefix}{number:03}") for number, story in enumerate(planned, start=1)],
    )


def _storied() -> list[Story]:
    plain = Story(items=((MUG, 6), (CHAIR, 1)))
    return [
        plain,
        # Over 2,000: a manager decides, up to 5,000 yes and above no.
        *(Story(items=((TABLE, tables), (CHAIR, 2))) for tables in (3, 4, 5)),
        *(Story(items=((TABLE, tables),)) for tables in (6, 8, 9)),
        # Left for the visitor: two to decide, and two whose parcels arrive once the shop is opened in a browser.
        *(Story(items=((TABLE, tables),), wait=True) for tables in (3, 4)),
        *(Story(items=((MUG, mugs),), wait=True) for mugs in (2, 5)),
        # Cards that say no, and two that leave the shop in the dark: one of them is charged all the same.
        *(replace(plain, card=card) for card in (cards.DECLINED, cards.DECLINED, cards.NEVER_ANSWERS, cards.NEVER_THERE)),
        Story(items=((CHAIR, 6),), card=cards.SMALL_LIMIT),
        # More lanterns than there are: the mugs go now, the rest when goods come in.
        *(Story(items=((MUG, 2), (LANTERN, lanterns)), allow_split=True) for lanterns in (5, 4)),
    ]


def _ordinary(chance: random.Random) -> Iterable[Story]:
    goods = [item for item in catalogue() if item not in STORIED]
    for _ in range(ORDINARY_ORDERS):
        items = chance.sample(goods, chance.randint(1, 4))
        yield Story(
            items=tuple((item, chance.randint(1, 9)) for item in items),
            discount=Decimal(chance.choice(("0", "0", "0", "0.05", "0.15"))),
        )


def place(stories: Iterable[Story]) -> None:
    """Place some orders in one transaction, as a checkout does one by one."""
    with transaction.atomic():
        for story in stories:
            start_fulfilment(_order(story))


def _order(story: Story) -> Order:
    chance = random.Random(story.number)
    customer = chance.choice(CUSTOMERS)
    order = Order.objects.create(
        number=story.number,
        customer=customer,
        email=f"{customer.lower()}@example.com",
        country=chance.choice(COUNTRIES),
        freight=Decimal(chance.randint(0, 40)) / 2,
        card_token=story.card,
        allow_split=story.allow_split,
    )
    products = Product.objects.in_bulk([item.sku for item, _ in story.items], field_name="sku")
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=products[item.sku],
            unit_price=item.unit_price,
            quantity=quantity,
            discount=story.discount,
        )
        for item, quantity in story.items
    )
    return order
