"""The shop's pages, as a visitor, a member of staff and the carrier meet them."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from demo_shop.manager import demo_manager
from demo_shop.models import Cart, Order, OrderLine, Payment, Product, Shipment
from demo_shop.ordering import start_fulfilment
from pgworkflows.models import Approval, Event, Workflow

pytestmark = pytest.mark.django_db

CUSTOMER = {"customer": "Ada", "email": "ada@example.com", "country": "France", "card_token": "tok-4242"}


def fill_cart(client, product: Product, quantity: int = 2) -> None:
    client.post(reverse("demo_shop:add-to-cart", args=[product.sku]), {"quantity": quantity})


def order_something(client, product: Product) -> Order:
    fill_cart(client, product)
    answer = client.post(reverse("demo_shop:checkout"), CUSTOMER)
    order = Order.objects.get()
    assert answer.url == order.get_absolute_url()
    return order


def staff_with(*permissions: str) -> User:
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def test_products_show_price_and_stock(client, make_product):
    make_product(stock=3)
    page = client.get(reverse("demo_shop:products")).content.decode()
    assert "Cup" in page
    assert "12.50" in page
    assert "3 in stock" in page


def test_cart_adds_up_units(client, make_product):
    product = make_product()
    fill_cart(client, product, 2)
    fill_cart(client, product, 3)
    assert "62.50" in client.get(reverse("demo_shop:cart")).content.decode()


def test_zero_takes_a_line_out(client, make_product):
    product = make_product()
    fill_cart(client, product)
    client.post(reverse("demo_shop:change-cart", args=[product.sku]), {"quantity": 0})
    assert "Your cart is empty" in client.get(reverse("demo_shop:cart")).content.decode()


@pytest.mark.parametrize("quantity", ["", "-1", "many", "1000"])
def test_bad_quantity_changes_nothing(client, make_product, quantity):
    client.post(reverse("demo_shop:add-to-cart", args=[make_product().sku]), {"quantity": quantity})
    assert not Cart.objects.exists()


def test_checkout_starts_the_workflow(client, make_product):
    order = order_something(client, make_product())
    workflow = order.workflows.get()
    assert (workflow.name, workflow.key, workflow.kwargs) == (
        "demo_shop.fulfil_order",
        order.number,
        {"order_id": order.pk},
    )
    assert (order.status, order.total) == ("NEW", Decimal("29.90"))


def test_checkout_twice_places_one_order(client, make_product):
    fill_cart(client, make_product())
    session = dict(client.session)
    order_url = client.post(reverse("demo_shop:checkout"), CUSTOMER).url
    later = client.session
    later["cart"] = session["cart"]
    later.save()
    assert client.post(reverse("demo_shop:checkout"), CUSTOMER).url == order_url
    assert Order.objects.count() == 1


def test_checkout_without_cart_goes_back(client):
    assert client.get(reverse("demo_shop:checkout")).url == reverse("demo_shop:cart")


def test_checkout_names_what_is_missing(client, make_product):
    fill_cart(client, make_product())
    page = client.post(reverse("demo_shop:checkout"), CUSTOMER | {"email": "nobody"}).content.decode()
    assert "Enter a valid email address." in page
    assert not Order.objects.exists()


def test_own_order_shows_its_status(client, make_product):
    order = order_something(client, make_product())
    page = client.get(order.get_absolute_url()).content.decode()
    assert order.number in page
    assert "New" in page
    assert "Cancel the order" in page
    assert order.number in client.get(reverse("demo_shop:orders")).content.decode()


def test_orders_of_others_are_not_found(client, django_user_model, make_product):
    order = order_something(client, make_product())
    client.session.flush()
    client.cookies.clear()
    assert client.get(order.get_absolute_url()).status_code == 404
    assert client.post(reverse("demo_shop:cancel-order", args=[order.number])).status_code == 404


def test_staff_see_every_order(client, make_product):
    order = order_something(client, make_product())
    client.cookies.clear()
    client.force_login(staff_with("view_order"))
    assert client.get(order.get_absolute_url()).status_code == 200


def test_refund_needs_permission(client, make_product):
    order = order_something(client, make_product())
    address = reverse("demo_shop:refund-order", args=[order.number])
    assert client.post(address, {"amount": 1, "reason": "late"}).status_code == 403


@pytest.mark.parametrize(
    ("paid", "amount", "started", "said"),
    [
        ("5.00", "5.00", 1, "5.00 is being refunded."),
        ("5.00", "5.01", 0, "Only 5.00 is left to give back."),
        ("5.00", "0", 0, "A refund needs an amount above zero and a reason."),
        (None, "1", 0, "Nothing has been paid for this order."),
    ],
)
def test_staff_give_money_back(client, make_product, paid, amount, started, said):
    order = order_something(client, make_product())
    if paid:
        Payment.objects.create(order=order, amount=paid, idempotency_key="k", processor_reference="ch_1")
    client.force_login(staff_with("add_refund", "view_order"))
    address = reverse("demo_shop:refund-order", args=[order.number])
    assert said in client.post(address, {"amount": amount, "reason": "late"}, follow=True).content.decode()
    assert Workflow.objects.filter(name="demo_shop.refund_order").count() == started


@pytest.fixture
def large_order(make_product, pgworkflows) -> Order:
    """Place an order that waits for a manager."""
    order = Order.objects.create(number="7", customer="Ada", email="a@example.com", country="France")
    OrderLine.objects.create(order=order, product=make_product(price="900.00"), unit_price=900, quantity=3)
    start_fulfilment(order)
    pgworkflows.run_workflows()
    return order


@pytest.mark.parametrize(("verdict", "status"), [("approve", "APPROVED"), ("reject", "REJECTED")])
def test_manager_decides_on_the_page(client, large_order, verdict, status):
    client.force_login(demo_manager())
    assert "Release order 7 over 2700.00" in client.get("/approvals/").content.decode()
    approval = Approval.objects.get()
    given = {"revision": approval.revision, "comment": "I say so"}
    answers = [client.post(f"/approvals/{approval.pk}/{verdict}/", given).status_code for _ in range(2)]
    approval.refresh_from_db()
    assert (answers, approval.status, approval.decisions.count()) == ([302, 409], status, 1)


def test_others_cannot_decide(client, large_order):
    address = f"/approvals/{Approval.objects.get().pk}/approve/"
    assert client.post(address, {"revision": 0}).url.startswith("/accounts/login/")
    client.force_login(staff_with("view_order"))
    assert client.post(address, {"revision": 0}).status_code == 404
    assert "Nothing waits for you." in client.get("/approvals/").content.decode()


def test_pages_have_no_inline_code(client, make_product):
    order = order_something(client, make_product())
    fill_cart(client, Product.objects.get())
    for address in ["/", "/cart/", "/checkout/", "/orders/", order.get_absolute_url()]:
        page = client.get(address).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick=" not in page


class TestCarrier:
    """The webhook."""

    address = "/carrier/delivered/"
    secret = {"X-Carrier-Secret": "demo-only-carrier-secret"}

    def call(self, client, body, headers=None):
        return client.post(
            self.address, body, content_type="application/json", headers=self.secret if headers is None else headers
        )

    def parcel(self) -> Shipment:
        order = Order.objects.create(number="1", customer="Ada", email="a@example.com", country="France")
        return Shipment.objects.create(order=order, tracking="DS1")

    def test_delivery_becomes_one_event(self, client):
        self.parcel()
        for _ in range(2):
            assert self.call(client, {"tracking": "DS1", "signed_by": "Ada"}).status_code == 202
        event = Event.objects.get()
        assert (event.name, event.correlation, event.payload) == ("delivered", "DS1", {"signed_by": "Ada"})

    def test_wrong_secret_is_refused(self, client):
        answer = self.call(client, {"tracking": "DS1", "signed_by": "Ada"}, headers={"X-Carrier-Secret": "é"})
        assert answer.status_code == 403

    def test_unknown_parcel_is_named(self, client):
        answer = self.call(client, {"tracking": "DS2", "signed_by": "Ada"})
        assert (answer.status_code, answer.json()) == (404, {"error": "no parcel has the number DS2"})

    @pytest.mark.parametrize(
        "body",
        ["{", "[]", {"tracking": "DS1"}, {"tracking": 1, "signed_by": "A"}, {"tracking": "DS1", "signed_by": ""}],
    )
    def test_bad_message_is_refused(self, client, body):
        assert self.call(client, body).status_code == 400
