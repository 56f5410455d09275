"""The list of workflows: finding them, and what that costs."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from demo_shop.models import Order
from pgworkflows import set_state, wait_for_event, workflow
from pgworkflows.admin.listing import BoundedPaginator
from pgworkflows.definitions.registry import registry
from pgworkflows.management.terminal.listing import list_workflows
from pgworkflows.models import Workflow
from pgworkflows.store.approvals.announcements import ANNOUNCE
from tests.admin.staged import fails, ran, waits
from tests.ledger.models import Account

pytestmark = pytest.mark.django_db
LIST = "/admin/pgworkflows/workflow/"


def found(browser, **query: str) -> set[str]:
    """Return the keys of what the list shows."""
    answer = browser.get(LIST, query)
    assert answer.status_code == 200, answer.get("Location")
    return {row.key for row in answer.context["cl"].result_list}


@workflow(name="admin_tests.stateful", queue="slow")
def stateful(state: str) -> None:
    set_state(state)
    wait_for_event("go")


@pytest.fixture
def several(db) -> dict[str, Workflow]:
    account = Account.objects.create(pk=71, name="till")
    started = [
        waits.using(
            key="W1", subject=account, attributes={"region": "EU", "boxes": 3, "token": "abc", "total": Decimal("12.50")}
        ).start(),
        waits.using(key="W2", attributes={"region": "US", "boxes": "3"}).start(),
        fails.using(key="F1").start(),
        stateful.using(key="S1").start("PAID"),
    ]
    return {one.key: ran(one) for one in started}


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("W1", {"W1"}),
        (" W1 ", {"W1"}),
        ("admin_tests.waits", {"W1", "W2"}),
        ("71", {"W1"}),
        ("ledger.account:71", {"W1"}),
        ("ledger.Account:71", {"W1"}),
        ("demo_shop.order:71", set()),
        ("region=EU", {"W1"}),
        ("boxes=3", {"W1", "W2"}),
        ("token=abc", set()),
        ("TOKEN=abc", set()),
        ("w1", set()),
        ("total=12.50", {"W1"}),
        ("total=12.5", {"W1"}),
        ("total=12", set()),
        ("waits", set()),
        ("region=NaN", set()),
        ('region="\\ud800"', set()),
        ("=", set()),
        ("%", set()),
    ],
)
def test_search_finds_what_is_meant(viewer, several, typed, keys):
    assert found(viewer, q=typed) == keys


def test_search_finds_the_beginning_of_a_key(viewer):
    for key in ("order-77/a", "order-77/b", "order-8", "Order-77"):
        waits.using(key=key).start()
    assert found(viewer, q="order-77") == {"order-77/a", "order-77/b"}
    assert found(viewer, q="order-") == {"order-77/a", "order-77/b", "order-8"}
    assert found(viewer, q="or") == found(viewer, q="order_77") == found(viewer, q="order%") == set()


def test_search_finds_id_and_its_beginning(viewer, several):
    identity = str(several["F1"].pk)
    assert found(viewer, q=identity) == found(viewer, q=identity.upper()) == {"F1"}
    assert "F1" in found(viewer, q=identity[:13])
    assert found(viewer, q="ffffffff") == set()


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, {"W1", "W2", "F1", "S1"}),
        ({"status": "FAILED"}, {"F1"}),
        ({"status": "WAITING"}, {"W1", "W2", "S1"}),
        ({"status": "unfinished"}, {"W1", "W2", "S1"}),
        ({"status": "badly"}, {"F1"}),
        ({"status": "BLOCKED"}, set()),
        ({"name": "admin_tests.waits"}, {"W1", "W2"}),
        ({"queue": "slow"}, {"S1"}),
        ({"queue": "default", "status": "WAITING"}, {"W1", "W2"}),
        ({"state": "PAID"}, {"S1"}),
        ({"state": "PAID", "q": "W1"}, set()),
    ],
)
def test_filters_narrow_the_list(viewer, several, query, keys):
    assert found(viewer, **query) == keys


@pytest.mark.parametrize("query", ["status=nonsense", "name=x", "queue=%00", "state=%27", "p=0", "p=99"])
def test_what_is_no_choice_leads_back(viewer, several, query):
    answer = viewer.get(f"{LIST}?{query}")
    assert answer.status_code in (200, 302)
    assert answer.status_code == 200 or answer.url == f"{LIST}?e=1"


@pytest.mark.parametrize("order", ["1", "-2", "0.1.-3", "x"])
def test_order_is_never_anything_else(viewer, several, order):
    rows = viewer.get(LIST, {"o": order}).context["cl"].result_list
    assert [row.pk for row in rows] == sorted((one.pk for one in several.values()), reverse=True)


def test_list_counts_no_further_than_its_bound(viewer, several, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "most", 3)
    answer = viewer.get(LIST)
    assert answer.context["cl"].result_count == 3
    assert "the newest 3 workflows; filter or search for others" in answer.content.decode()


def test_facets_are_never_counted(viewer, several):
    with CaptureQueriesContext(connection) as captured:
        viewer.get(LIST, {"_facets": "True"})
    assert [query["sql"] for query in captured if "COUNT" in query["sql"] and "LIMIT" not in query["sql"]] == []


def list_queries(browser) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(LIST).status_code == 200
    return len(captured)


def test_list_takes_as_many_queries_for_many_rows(viewer, several):
    few = list_queries(viewer)
    order = Order.objects.create(number="D1", customer="Ada", email="a@example.com", country="France")
    for number in range(60):
        waits.using(key=f"N{number}", subject=order if number % 2 else Account.objects.get()).start()
    assert list_queries(viewer) == few <= 10


def test_list_reads_no_results(viewer, several):
    with CaptureQueriesContext(connection) as captured:
        viewer.get(LIST)
    (page_query,) = [query["sql"] for query in captured if '"waiting_for"' in query["sql"]]
    assert not any(f'"{column}"' in page_query for column in ("result", "error"))


def test_subject_is_a_link_for_who_may_see_it(staff, several):
    order = Order.objects.create(number="D1", customer="Ada", email="a@example.com", country="France")
    waits.using(subject=order).start()
    address = reverse("admin:demo_shop_order_change", args=[order.pk])
    assert address not in staff("view_workflow").get(LIST).content.decode()
    assert address in staff("view_workflow", "view_order", name="grace").get(LIST).content.decode()


def test_workflows_that_began_together_are_told_apart(viewer):
    started = [waits.start() for _ in range(3)]
    shown = viewer.get(LIST).content.decode()
    assert all(f"admin_tests.waits {one.pk}</a>" in shown for one in started)


def test_what_goes_on_behind_is_left_out_until_it_is_asked_for(viewer):
    waits.using(key="W1").start()
    behind = [registry.latest(ANNOUNCE).using(key=key).start(1, "requested") for key in ("a", "b")]
    Workflow.objects.filter(pk=behind[1].pk).update(status="BLOCKED", available_at=None)

    every = {"a", "b"}
    assert (found(viewer), found(viewer, name=ANNOUNCE), found(viewer, q=ANNOUNCE)) == ({"b", "W1"}, every, every)
    listed = [line.split()[0] for line in list_workflows(statuses=[], name=None, limit=9)[1:]]
    assert listed == [str(behind[1].pk), str(Workflow.objects.get(key="W1").pk)]
