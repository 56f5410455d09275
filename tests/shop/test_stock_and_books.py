"""Taking units out of the stock, and the books of money."""

from decimal import Decimal

import pytest

from demo_shop import books, stock
from demo_shop.card_client import Charge
from demo_shop.models import Order, OrderLine, Product, Refund
from demo_shop.warehouse import receive_goods

pytestmark = pytest.mark.django_db


def make_order(*items: tuple[Product, int], **options) -> Order:
    order = Order.objects.create(number="1", customer="Ada", email="a@example.com", country="France", **options)
    for product, quantity in items:
        OrderLine.objects.create(order=order, product=product, unit_price=product.unit_price, quantity=quantity)
    return order


def left() -> dict[str, int]:
    return dict(Product.objects.values_list("sku", "stock"))


def lines_of(order: Order) -> dict[str, int]:
    return dict(order.lines.values_list("product__sku", "quantity"))


def test_all_units_are_taken(make_product):
    cup, pot = make_product("cup", stock=5), make_product("pot", stock=2)
    assert stock.take(make_order((cup, 3), (pot, 2))) == []
    assert left() == {"cup": 2, "pot": 0}


def test_shortage_takes_nothing(make_product):
    cup, pot = make_product("cup", stock=5), make_product("pot", stock=2)
    shortages = stock.take(make_order((cup, 3), (pot, 4)))
    assert stock.describe(shortages) == "2 x Pot missing"
    assert left() == {"cup": 5, "pot": 2}


def test_two_lines_share_one_stock(make_product):
    cup = make_product("cup", stock=5)
    order = make_order((cup, 3), (cup, 3))
    assert [shortage.missing for shortage in stock.take(order)] == [1]


def test_split_moves_what_is_missing(make_product):
    cup, pot, jar = make_product("cup", stock=5), make_product("pot", stock=2), make_product("jar", stock=0)
    order = make_order((cup, 3), (pot, 4), (jar, 1), allow_split=True, freight=Decimal(5))
    rest = stock.split(order, stock.take(order))
    assert (lines_of(order), lines_of(rest)) == ({"cup": 3, "pot": 2}, {"pot": 2, "jar": 1})
    assert (rest.number, rest.freight, rest.split_from) == ("1-B1", 0, order)
    assert stock.take(order) == []


def test_second_split_is_numbered_on(make_product):
    cup = make_product("cup", stock=1)
    order = make_order((cup, 3), allow_split=True)
    rest = stock.split(order, stock.take(order))
    assert stock.split(rest, stock.take(rest)).number == "1-B2"


def test_nothing_there_is_no_split(make_product):
    order = make_order((make_product("cup", stock=0), 3), allow_split=True)
    assert stock.split(order, stock.take(order)) is None
    assert Order.objects.count() == 1


def test_units_put_back_are_there(make_product):
    cup = make_product("cup", stock=5)
    order = make_order((cup, 3), (cup, 1))
    stock.take(order)
    stock.put_back(order)
    assert left() == {"cup": 5}


def test_received_goods_are_counted(make_product):
    make_product("cup", stock=5)
    assert receive_goods({"cup": 4, "unknown": 1}) == []
    assert Product.objects.values_list("stock", "received").get() == (9, 9)


def pay(amount: str = "10.00") -> int:
    charge = Charge(reference="ch_1", amount=Decimal(amount), refunded=Decimal(0), idempotency_key="k")
    return books.record_payment(make_order().pk, charge).pk


def test_refund_is_planned_once_per_key():
    payment = pay()
    first = books.plan_refund(payment, reason="late", key="r", amount=Decimal(4))
    assert books.plan_refund(payment, reason="late", key="r", amount=Decimal(4)) == first
    assert first.payment.refundable == 6


def test_refunds_stop_at_what_was_paid():
    payment = pay()
    books.plan_refund(payment, reason="late", key="r1", amount=Decimal(4))
    with pytest.raises(books.RefundTooLarge) as problem:
        books.plan_refund(payment, reason="late", key="r2", amount=Decimal("6.01"))
    assert str(problem.value) == "A refund of 6.01 is not possible: 6.00 is left of what was paid."


def test_rest_is_refunded_without_amount():
    payment = pay()
    books.plan_refund(payment, reason="late", key="r1", amount=Decimal(4))
    assert books.plan_refund(payment, reason="cancelled", key="r2").amount == 6
    assert books.plan_refund(payment, reason="cancelled", key="r3") is None


def test_withdrawn_refund_frees_its_amount():
    refund = books.plan_refund(pay(), reason="late", key="r")
    for _ in range(2):
        books.withdraw_refund(refund.pk)
    refund = Refund.objects.get()
    assert (refund.status, refund.payment.refundable) == ("WITHDRAWN", 10)
