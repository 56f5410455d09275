"""The demo's reconciliation: silent when all adds up, and naming what does not."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from demo_shop.card_client import CardClient
from demo_shop.demonstration.counting import count_orders, is_over
from demo_shop.demonstration.goods import catalogue, stock_the_shelves
from demo_shop.demonstration.reconciling import reconcile
from demo_shop.demonstration.stories import Day, next_day, place
from demo_shop.manager import decide_pending, demo_manager
from demo_shop.models import Order, Payment, Product
from pgworkflows.models import Workflow
from pgworkflows.testing import run_workflows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pgworkflows")]


@pytest.fixture
def shop_day(start_processor, settings) -> tuple[CardClient, Day]:
    """Run the first stories of a day until everything waits."""
    client = start_processor()
    settings.SHOP_CARD_PROCESSOR_URL = client.url
    stock_the_shelves()
    day = next_day()
    place(day.stories[:13])
    run_workflows()
    decide_pending(demo_manager(), limit=Decimal(5000), leave=day.left_waiting)
    run_workflows()
    return client, day


def wrong(client: CardClient) -> dict[str, tuple[str, ...]]:
    return {check.title: check.wrong for check in reconcile(client) if not check.ok}


def test_a_good_day_adds_up(shop_day):
    client, _ = shop_day
    assert wrong(client) == {}


def lose_a_unit() -> None:
    product = Product.objects.get(sku="mug")
    product.stock -= 1
    product.save()


def forget_a_payment() -> None:
    Payment.objects.order_by("pk").first().delete()


def change_a_price() -> None:
    order = Order.objects.get(number="D1-001")
    order.freight += 1
    order.save()


@pytest.mark.parametrize(
    ("spoil", "title"),
    [
        (lose_a_unit, "Units received = left + in orders"),
        (forget_a_payment, "Captures: books = ledger"),
        (change_a_price, "One capture for each paid order"),
    ],
)
def test_what_does_not_add_up_is_named(shop_day, spoil: Callable[[], None], title):
    client, _ = shop_day
    spoil()
    assert title in wrong(client)


def test_capture_of_a_cancelled_order_is_named(shop_day):
    client, _ = shop_day
    Order.objects.filter(number="D1-001").update(status="CANCELLED")
    titles = wrong(client)
    assert titles["Cancelled orders got their money back"][0].startswith("order D1-001: captured")
    assert titles["Orders and workflows agree"] == ("order D1-001 is CANCELLED, its workflow WAITING",)


def test_counts_add_up(shop_day):
    _, day = shop_day
    counts = count_orders(day)
    assert counts.placed == 13
    assert (counts.to_approve, counts.under_way) == (2, 0)
    assert not is_over(day)


def test_next_day_has_new_numbers(shop_day):
    _, day = shop_day
    assert (day.prefix, next_day().prefix) == ("D1-", "D2-")
    assert [story.items for story in next_day().stories] == [story.items for story in day.stories]


def test_catalogue_is_always_the_same(db):
    assert len(catalogue()) == 60
    assert catalogue() == catalogue()
    for _ in range(2):
        stock_the_shelves()
    assert Product.objects.get(sku="mug").received == 800
    assert Workflow.objects.count() == 0
