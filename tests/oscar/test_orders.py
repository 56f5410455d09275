"""Orders of a shop on django-oscar: placed on its pages, approved in the admin, shipped by workers that are killed."""

import os
import random
import signal

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

if settings.ROOT_URLCONF != "tests.oscar.urls":
    pytest.skip("needs django-oscar: pytest --ds=tests.oscar.settings -W default tests/oscar", allow_module_level=True)

from oscar.apps.order.models import Line, Order

from pgworkflows.models import Approval, Workflow
from pgworkflows.testing import run_workflows
from tests.oscar.conftest import STOCK, buy, checked
from tests.workers import children, until, until_all

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 200
LARGE_EVERY = 10


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic requests"])
def requests_are_atomic(request, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", request.param)


def look_at_thank_you_page(browser):
    """Load it as a customer does; Oscar notes on the order that this one was counted."""
    assert "confirmation" in checked(browser.get(reverse("checkout:thank-you"))).content.decode()


def decide(user, order, verdict):
    """Decide in the admin about the one approval of an order."""
    approval = Approval.objects.get(workflow__in=Workflow.objects.for_subject(order))
    browser = Client()
    browser.force_login(user)
    shown = browser.get(reverse("admin:pgworkflows_approval_change", args=[approval.pk])).content.decode()
    assert order.number in shown
    posted = {"revision": approval.revision, "verdict": verdict, "comment": "seen"}
    checked(browser.post(reverse(f"admin:pgworkflows_approval_{verdict}", args=[approval.pk]), posted))


def end_of(order):
    """Return its status, its workflow's, and what is left of the stock."""
    order.refresh_from_db()
    stock = order.lines.get().stockrecord
    return order.status, Workflow.objects.for_subject(order).get().status, stock.num_in_stock, stock.num_allocated


def test_small_order_ships_its_stock(cup, requests_are_atomic):
    _, order = buy(cup, 2, "bob@example.com")
    run_workflows()
    assert end_of(order) == ("Shipped", "COMPLETED", STOCK - 2, 0)


def test_large_order_is_approved_while_its_customer_looks_at_it(cup, manager, requests_are_atomic):
    browser, order = buy(cup, 100, "bob@example.com")
    run_workflows()
    look_at_thank_you_page(browser)
    decide(manager, order, "approve")
    look_at_thank_you_page(browser)
    run_workflows()
    assert end_of(order) == ("Shipped", "COMPLETED", STOCK - 100, 0)


def test_rejected_order_gives_its_stock_back(cup, manager, requests_are_atomic):
    _, order = buy(cup, 100, "bob@example.com")
    run_workflows()
    decide(manager, order, "reject")
    run_workflows()
    assert end_of(order) == ("Cancelled", "COMPLETED", STOCK, 0)


def test_total_that_changed_after_the_approval_ships_nothing(cup, manager):
    _, order = buy(cup, 100, "bob@example.com")
    run_workflows()
    decide(manager, order, "approve")
    Order.objects.filter(pk=order.pk).update(total_incl_tax=5)
    run_workflows()
    assert end_of(order) == ("Pending", "FAILED", STOCK, 100)


def test_two_hundred_orders_reconcile_though_workers_are_killed(cup, manager, fleet):
    cup.stockrecords.update(num_in_stock=10 * STOCK)
    supervisor = fleet.runworkflows("--processes", "2")
    until(lambda: children(supervisor), "workers have begun")
    rejected = []
    for number in range(MANY):
        large = number % LARGE_EVERY == 0
        browser, order = buy(cup, 100 if large else 1 + number % 3, f"customer{number}@example.com")
        if number % 7 == 0 and (alive := children(supervisor)):
            os.kill(random.choice(alive), signal.SIGKILL)
        if large:
            until(lambda order=order: Approval.objects.filter(workflow__key=order.number), "its approval is asked for", 60)
            look_at_thank_you_page(browser)
            verdict = "reject" if number % (3 * LARGE_EVERY) == 0 else "approve"
            decide(manager, order, verdict)
            if verdict == "reject":
                rejected.append(order.pk)
    until_all("COMPLETED", 120)
    assert Workflow.objects.count() == Order.objects.count() == MANY
    assert set(Order.objects.filter(status="Cancelled").values_list("pk", flat=True)) == set(rejected)
    shipped = Line.objects.filter(order__status="Shipped").aggregate(Sum("quantity"))["quantity__sum"]
    stock = cup.stockrecords.get()
    assert (stock.num_in_stock, stock.num_allocated) == (10 * STOCK - shipped, 0)
