"""Workflows and approvals on the page of the row that they are about."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demo_shop.models import Order
from pgworkflows import request_approval, workflow
from pgworkflows.admin import WorkflowsAdminMixin
from pgworkflows.models import Workflow
from tests.admin.staged import page, ran

pytestmark = pytest.mark.django_db


@workflow(name="admin_tests.asking")
def asking() -> None:
    request_approval("Release it", users=["grace"], timeout=timedelta(days=2))


@pytest.fixture
def order(db) -> Order:
    User.objects.create_user("grace", is_staff=True)
    return Order.objects.create(number="D1", customer="Ada", email="a@example.com", country="France")


@pytest.fixture
def asked(order) -> Workflow:
    return ran(asking.using(key="A1", subject=order).start())


def text_of(browser, order: Order) -> str:
    answer = browser.get(reverse("admin:demo_shop_order_change", args=[order.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_of_order_lists_its_workflows(staff, order, asked):
    text = text_of(staff("view_order", "view_workflow"), order)
    assert f'<a href="{page(asked)}">admin_tests.asking A1</a>' in text
    assert "Release it</a>" not in text


def test_page_of_order_lists_visible_approvals(staff, order, asked):
    assert "Release it" in text_of(staff("view_order", "view_approval"), order)


def test_workflows_need_a_right_of_their_own(staff, order, asked):
    assert "admin_tests.asking" not in text_of(staff("view_order"), order)


def test_order_without_workflows_says_so(admin_client, order):
    assert "Workflows and approvals" in text_of(admin_client, order)


def test_many_workflows_end_in_a_link(admin_client, order):
    for number in range(25):
        asking.using(key=f"A{number}", subject=order).start()
    text = text_of(admin_client, order)
    assert text.count(">admin_tests.asking A") == 20
    assert f"?q=demo_shop.order%3A{order.pk}" in text


def test_page_takes_as_many_queries_for_many(admin_client, order):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text_of(admin_client, order)
        return len(captured)

    ran(asking.using(subject=order).start())
    few = queries()
    for _ in range(15):
        asking.using(subject=order).start()
    ran(Workflow.objects.last())
    assert queries() == few


OPTIONS = [{}, {"fields": ["number"]}, {"fieldsets": [("Order", {"fields": [("number", "customer")]})]}]


@pytest.fixture(params=OPTIONS, ids=["neither", "fields", "fieldsets"])
def orders(request):
    """Give an admin of its own for orders, in which they can be changed."""
    made = type("OrderAdmin", (WorkflowsAdminMixin, admin.ModelAdmin), {**request.param, "readonly_fields": ["country"]})
    return made(Order, admin.site)


def asked_for():
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("root")
    return request


def test_fieldset_comes_last_and_once(orders, order):
    *others, last = orders.get_fieldsets(asked_for(), order)
    assert last[1]["fields"] == ("workflows_shown", "approvals_shown")
    assert "workflows_shown" not in str(others)


def test_changing_shows_it_in_every_admin(orders, order, asked):
    answer = orders.change_view(asked_for(), str(order.pk)).render()
    assert "admin_tests.asking A1" in answer.content.decode()
    assert "pgworkflows/pgworkflows.css" in answer.content.decode()


def test_adding_shows_nothing_of_it(orders):
    answer = orders.add_view(asked_for()).render()
    assert "Workflows and approvals" not in answer.content.decode()


def test_form_takes_nothing_from_it(orders, order):
    form = orders.get_form(asked_for(), order)
    assert not {"workflows_shown", "approvals_shown"} & set(form.base_fields)
