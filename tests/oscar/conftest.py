"""A catalogue, customers at the checkout, and a manager."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Ibe",
    "line1": "1 Station Road",
    "line4": "Leeds",
    "postcode": "LS1 4DY",
    "country": "GB",
}
STOCK = 1000


@pytest.fixture
def cup(transactional_db: None) -> Any:
    """Return a product of which there are 1000, at 12 each."""
    from oscar.apps.address.models import Country
    from oscar.test.factories import create_product

    Country.objects.create(iso_3166_1_a2="GB", name="Great Britain", is_shipping_country=True)
    return create_product(title="Cup", price=Decimal(12), num_in_stock=STOCK)


@pytest.fixture
def manager(transactional_db: None) -> User:
    """Return a user of staff who may decide for the managers."""
    ann = User.objects.create_superuser("ann", "ann@example.com", "secret")
    ann.groups.add(Group.objects.create(name="managers"))
    return ann


def checked(response: Any) -> Any:
    """Return the answer of a page; a form that is shown again says why."""
    form = (response.context or {}).get("form")
    assert response.status_code in (200, 302), response.status_code
    assert not (form and form.errors), form.errors
    return response


def buy(product: Any, quantity: int, email: str) -> tuple[Client, Any]:
    """Buy through the shop's own pages, as a guest; return the customer's browser and the order."""
    from oscar.apps.order.models import Order

    browser = Client()
    checked(browser.post(reverse("basket:add", kwargs={"pk": product.pk}), {"quantity": quantity}))
    checked(browser.post(reverse("checkout:index"), {"username": email, "options": "anonymous"}))
    checked(browser.post(reverse("checkout:shipping-address"), ADDRESS))
    checked(browser.get(reverse("checkout:shipping-method")))
    checked(browser.get(reverse("checkout:payment-method")))
    placed = checked(browser.post(reverse("checkout:preview"), {"action": "place_order"}))
    assert placed["Location"] == reverse("checkout:thank-you"), placed["Location"]
    return browser, Order.objects.get(guest_email=email)
