"""What becomes of orders: every way that fulfil_order can go, with the real card processor over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction

from demo_shop.card_client import CardClient
from demo_shop.card_processor import cards
from demo_shop.carrier import parcel_delivered
from demo_shop.manager import decide_pending, demo_manager
from demo_shop.models import Order, OrderLine, Payment, Product, Refund
from demo_shop.ordering import call_off, give_back, start_fulfilment
from demo_shop.warehouse import receive_goods
from pgworkflows.models import Approval, Workflow
from pgworkflows.testing import move_clock, run_workflows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pgworkflows")]


@pytest.fixture
def processor(start_processor, settings) -> Callable[..., CardClient]:
    """Start the processor and let the shop know where it is."""

    def start(**faults: float) -> CardClient:
        client = start_processor(**faults)
        settings.SHOP_CARD_PROCESSOR_URL = client.url
        return client

    return start


def place(*items: tuple[Product, int], number: str = "1", card: str = cards.GOOD, **options) -> Order:
    order = Order.objects.create(
        number=number, customer="Ada", email="ada@example.com", country="France", card_token=card, **options
    )
    for product, quantity in items:
        OrderLine.objects.create(order=order, product=product, unit_price=product.unit_price, quantity=quantity)
    start_fulfilment(order)
    return order


def run_on(order: Order, *, rounds: int = 1) -> tuple[str, str]:
    """Run what can run, through so many waits for a retry; return the order's and its workflow's status."""
    run_workflows()
    for _ in range(rounds - 1):
        move_clock(timedelta(minutes=1))
        run_workflows()
    order.refresh_from_db()
    return order.status, order.workflows.get(name="demo_shop.fulfil_order").status


def deliver(order: Order) -> None:
    parcel_delivered(order.shipment.tracking, "Grace")


def stock_of(product: Product) -> int:
    product.refresh_from_db()
    return product.stock


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_order_reaches_its_customer(processor, make_product):
    client, cup = processor(), make_product(stock=5)
    order = place((cup, 2))
    assert run_on(order) == ("SHIPPED", "WAITING")
    deliver(order)
    assert run_on(order) == ("COMPLETED", "COMPLETED")
    assert (order.signed_by, order.shipment.status, stock_of(cup)) == ("Grace", "DELIVERED", 3)
    assert [charge["amount"] for charge in client.ledger()["charges"]] == [2500]
    assert subjects() == ["We have your order 1", "Your order 1 is on its way"]


def test_carrier_command_delivers(processor, make_product):
    processor()
    order = place((make_product(), 1))
    run_on(order)
    call_command("deliver_shipments", verbosity=0)
    assert run_on(order) == ("COMPLETED", "COMPLETED")
    assert order.signed_by == "Ada"


def test_carrier_outlives_a_closed_shop(processor, make_product, capsys):
    processor()
    order = place((make_product(), 1))
    run_on(order)
    call_command("deliver_shipments", "--url", "http://127.0.0.1:1/carrier/delivered/")
    said = capsys.readouterr()
    assert said.out == "0 parcels delivered.\n"
    assert said.err.startswith("http://127.0.0.1:1/carrier/delivered/: ")


def test_repeated_delivery_counts_once(processor, make_product):
    processor()
    order = place((make_product(), 1))
    run_on(order)
    for _ in range(2):
        deliver(order)
    assert run_on(order) == ("COMPLETED", "COMPLETED")
    deliver(order)
    assert run_on(order) == ("COMPLETED", "COMPLETED")


def test_out_of_stock_is_compensated(processor, make_product):
    client, cup = processor(), make_product(stock=1)
    order = place((cup, 2))
    assert run_on(order) == ("CANCELLED", "COMPENSATED")
    assert order.workflows.get().error["message"] == "Order 1 cannot be served: 1 x Cup missing."
    assert (stock_of(cup), client.ledger()["charges"]) == (1, [])
    assert subjects() == ["We have your order 1", "We could not fulfil your order 1"]


@pytest.mark.parametrize("card", [cards.DECLINED, cards.NEVER_THERE])
def test_unpaid_order_is_compensated(processor, make_product, card):
    client, cup = processor(), make_product(stock=5)
    order = place((cup, 2), card=card)
    assert run_on(order, rounds=6) == ("CANCELLED", "COMPENSATED")
    assert (stock_of(cup), client.ledger()["charges"]) == (5, [])


def test_unknown_charge_is_found_and_refunded(processor, make_product):
    client, cup = processor(), make_product(stock=5)
    order = place((cup, 2), card=cards.NEVER_ANSWERS)
    assert run_on(order, rounds=6) == ("CANCELLED", "COMPENSATED")
    assert [(charge["amount"], charge["refunded"]) for charge in client.ledger()["charges"]] == [(2500, 2500)]
    assert Payment.objects.get().refundable == 0
    assert stock_of(cup) == 5


def test_lost_answers_charge_once(processor, make_product):
    client = processor(lost_answers=1)
    order = place((make_product(), 2))
    assert run_on(order, rounds=2) == ("SHIPPED", "WAITING")
    assert len(client.ledger()["charges"]) == 1


def test_undelivered_parcel_is_given_up(processor, make_product):
    client, cup = processor(), make_product(stock=5)
    order = place((cup, 2))
    run_on(order)
    move_clock(timedelta(days=31))
    assert run_on(order) == ("CANCELLED", "COMPENSATED")
    assert (order.shipment.status, stock_of(cup)) == ("CANCELLED", 5)
    assert [refund["amount"] for refund in client.ledger()["refunds"]] == [2500]


def test_cancelled_order_is_undone(processor, make_product):
    client, cup = processor(), make_product(stock=5)
    order = place((cup, 2))
    run_on(order)
    assert call_off(order)
    assert run_on(order) == ("CANCELLED", "CANCELLED")
    assert (stock_of(cup), len(client.ledger()["refunds"])) == (5, 1)
    assert not call_off(order)


def test_large_order_waits_for_a_manager(processor, make_product):
    processor()
    order = place((make_product(price="500.00"), 5))
    assert run_on(order) == ("AWAITING_APPROVAL", "WAITING")
    approval = Approval.objects.get()
    assert approval.title == "Release order 1 over 2500.00"
    approval.approve(demo_manager(), comment="fine")
    assert run_on(order) == ("SHIPPED", "WAITING")


def test_rejected_order_is_compensated(processor, make_product):
    processor()
    cup = make_product(price="1000.00")
    order = place((cup, 6))
    run_on(order)
    assert decide_pending(demo_manager(), limit=Decimal(5000)).rejected == 1
    assert run_on(order) == ("CANCELLED", "COMPENSATED")
    assert order.workflows.get().error["message"] == "6000.00 is more than I may release."
    assert stock_of(cup) == 10


def test_manager_leaves_orders_alone(processor, make_product):
    processor()
    orders = [place((make_product(f"cup{n}", price="1000.00"), 3), number=str(n)) for n in range(2)]
    run_on(orders[0])
    call_command("decide_approvals", "--leave", "0", verbosity=0)
    assert [run_on(order)[0] for order in orders] == ["AWAITING_APPROVAL", "SHIPPED"]


def test_split_order_follows_later(processor, make_product):
    client = processor()
    cup, pot = make_product("cup", stock=5), make_product("pot", stock=1, price="20.00")
    order = place((cup, 2), (pot, 3), allow_split=True)
    assert run_on(order) == ("SHIPPED", "WAITING")
    rest = order.back_orders.get()
    assert (rest.number, run_on(rest)) == ("1-B1", ("BACK_ORDERED", "WAITING"))
    receive_goods({"pot": 2})
    assert run_on(rest) == ("SHIPPED", "WAITING")
    assert sorted(charge["amount"] for charge in client.ledger()["charges"]) == [4000, 4500]


def test_back_order_splits_again(processor, make_product):
    processor()
    pot = make_product("pot", stock=1)
    order = place((pot, 4), allow_split=True)
    run_on(order)
    receive_goods({"pot": 1})
    run_workflows()
    assert dict(Order.objects.values_list("number", "status")) == {
        "1": "SHIPPED",
        "1-B1": "SHIPPED",
        "1-B2": "BACK_ORDERED",
    }


def test_back_order_gives_up_in_time(processor, make_product):
    processor()
    order = place((make_product(stock=1), 2), allow_split=True)
    run_on(order)
    deliver(order)
    move_clock(timedelta(days=91))
    run_workflows()
    assert dict(Order.objects.values_list("number", "status")) == {"1": "COMPLETED", "1-B1": "CANCELLED"}


def test_part_of_the_money_goes_back(processor, make_product):
    client = processor()
    order = place((make_product(), 2))
    run_on(order)
    refund = give_back(order, amount=Decimal("10.00"), reason="one cup arrived broken")
    run_workflows()
    refund.refresh_from_db()
    assert (refund.status, refund.result) == ("COMPLETED", Refund.objects.get().processor_reference)
    assert [refund["amount"] for refund in client.ledger()["refunds"]] == [1000]
    assert Payment.objects.get().refundable == 15


def test_too_large_refund_changes_nothing(processor, make_product):
    client = processor()
    order = place((make_product(), 2))
    run_on(order)
    refund = give_back(order, amount=Decimal("25.01"), reason="greed")
    run_workflows()
    refund.refresh_from_db()
    assert (refund.status, client.ledger()["refunds"]) == ("FAILED", [])
    assert refund.error["message"] == "A refund of 25.01 is not possible: 25.00 is left of what was paid."


def test_cancelling_refunds_only_the_rest(processor, make_product):
    client = processor()
    order = place((make_product(), 2))
    run_on(order)
    give_back(order, amount=Decimal("10.00"), reason="late")
    run_workflows()
    call_off(order)
    assert run_on(order) == ("CANCELLED", "CANCELLED")
    assert [refund["amount"] for refund in client.ledger()["refunds"]] == [1000, 1500]


def test_rolled_back_checkout_starts_nothing(make_product):
    with transaction.atomic():
        place((make_product(), 1))
        transaction.set_rollback(True)
    assert not Workflow.objects.exists()
