"""The page of one workflow: what it shows, what it hides, and what it costs."""

import random
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pgworkflows import Retry, now, request_approval, set_state, sleep, step, wait_for_event, workflow
from pgworkflows.models import Approval, Workflow
from tests.admin.staged import page, ran, waits

pytestmark = pytest.mark.django_db
CARD = "4111-1111-1111-1111"


def text_of(browser, target: Workflow, query: str = "") -> str:
    """Return the page's text without markup, white space made one."""
    answer = browser.get(page(target) + query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_page_shows_what_it_waits_for(viewer, waiting):
    text = text_of(viewer, waiting)
    assert "waits for the event “delivered” under “DS7”, since" in text
    assert "the event “delivered” under “DS7”" in text


def test_page_says_who_can_decide(staff, django_user_model):
    django_user_model.objects.create_user("bob")

    @workflow(name="admin_tests.asks")
    def asks() -> object:
        return request_approval("Buy mugs", users=["bob"])

    asking = ran(asks.start())
    approval = Approval.objects.get()
    answer = staff("view_workflow", "view_approval").get(page(asking)).content.decode()
    address = reverse("admin:pgworkflows_approval_change", args=[approval.pk])
    assert f'waits for a decision on “<a href="{address}">Buy mugs</a>” (bob can decide), since' in answer
    assert "bob can decide" not in text_of(staff("view_workflow", name="cy"), asking)


def test_page_of_failure_shows_error(viewer, failed):
    text = text_of(viewer, failed)
    assert "ValueError : the press is jammed" in text
    assert "Traceback (most recent call last)" in text
    assert "in break_down" in text
    assert "pgworkflows/execution" not in text


def test_page_says_that_nobody_takes_it(viewer, waiting, failed):
    note = "No live worker takes it"
    assert note in text_of(viewer, waiting)
    assert note not in text_of(viewer, failed)


def test_page_tells_of_a_cancel_to_come(viewer, waiting):
    waiting.cancel("the customer called", by="grace")
    assert "grace asked to cancel it: the customer called." in text_of(viewer, waiting)


@step(atomic=False, retry=Retry(max_attempts=2, initial=0))
def call() -> Decimal:
    if Workflow.objects.get(name="admin_tests.many_kinds").tasks.get(kind="STEP").attempt < 2:
        raise TimeoutError("no answer")
    return Decimal("12.50")


@workflow(name="admin_tests.child")
def child() -> None:
    wait_for_event("go")


@workflow(name="admin_tests.many_kinds")
def many_kinds() -> None:
    call()
    set_state("CALLED")
    now()
    child.using(key="C1").start()
    request_approval("Release it", users=["grace"], timeout=timedelta(days=2))


def test_timeline_tells_every_kind(staff):
    User.objects.create_user("grace")
    text = text_of(staff("view_workflow", "view_approval"), ran(many_kinds.start()))
    assert "2 attempts" in text
    assert "attempt failed (1)" in text
    assert "&quot;12.50&quot;" in text
    assert "child C1 , which is waiting" in text
    assert re.search(r"a decision: .*approval \d+ .*is pending", text)


def test_children_and_parents_are_linked(viewer):
    User.objects.create_user("grace")
    parent = ran(many_kinds.start())
    only = parent.children.get()
    assert f'href="{page(only)}"' in viewer.get(page(parent)).content.decode()
    assert f'href="{page(parent)}"' in viewer.get(page(only)).content.decode()


def test_engines_own_events_are_no_events_that_nobody_took(viewer, django_user_model):
    bob = django_user_model.objects.create_user("bob")

    @workflow(name="admin_tests.asks_and_waits")
    def asks() -> object:
        return request_approval("Buy mugs", users=["bob"])

    run = ran(asks.start())
    run.approvals.get().approve(bob)
    run.send_event("odd")
    assert run.events.filter(task=None).count() == 2
    assert [event["name"] for event in viewer.get(page(run)).context["events"]] == ["odd"]
    assert "$approval" not in text_of(viewer, run)


def test_approvals_need_a_right_of_their_own(viewer):
    User.objects.create_user("grace")
    workflow = ran(many_kinds.start())
    answer = viewer.get(page(workflow))
    assert answer.context["approvals"] == []
    assert not [row for row in answer.context["history_rows"] if "approval" in str(row["event"])]


@step
def swipe(card_number: str) -> dict[str, str]:
    return {"receipt": f"charged {card_number}", "token": "tok-9999"}


@swipe.compensation
def unswipe(card_number: str, *, result: dict[str, str]) -> None:
    pass


@step
def complain(card_number: str) -> None:
    raise ValueError(f"{card_number} was refused; password='swordfish', secret: {{'a': 'open sesame'}}")


@workflow(name="admin_tests.secretive", compensate_on=())
def secretive(card_number: str, order: dict[str, str]) -> None:
    swipe(card_number)
    set_state(f"PAID {card_number}")
    complain(card_number)


def test_secrets_are_hidden_everywhere(admin_client):
    workflow = ran(secretive.using(attributes={"Token": "tok-1234"}).start(CARD, {"secret": "sesame-1"}))
    workflow.retry(f"the card {CARD} works again; token=tok-5678")
    ran(workflow)
    for address in (page(workflow), "/admin/pgworkflows/workflow/?q=" + str(workflow.pk)):
        text = admin_client.get(address).content.decode()
        for secret in ("tok-9999", "tok-1234", "tok-5678", "swordfish", "open sesame", "sesame-1"):
            assert secret not in text
        assert address != page(workflow) or CARD not in text


def test_graph_says_the_same_in_words(viewer, failed):
    failed.compensate("nobody needs it")
    text = viewer.get(page(ran(failed))).content.decode()
    svg = text[text.index("<svg class=") : text.index("</svg>", text.index("<svg class="))]
    words = re.search(r"<desc[^>]*>(.*?)</desc>", svg).group(1)
    assert 'role="img" aria-labelledby="pgw-graph-title pgw-graph-words"' in svg
    assert "break_down: step · failed" in words
    assert "(undoes 1)" in words
    assert words.endswith("It is compensated.")


def test_compensation_stands_beside_its_step(viewer, failed):
    failed.compensate("nobody needs it")
    graph = viewer.get(page(ran(failed))).context["graph"]
    undo = next(box for box in graph.boxes if box.shape == "undo")
    (undone,) = [box for box in graph.boxes if box.y == undo.y and box is not undo]
    assert "reserve" in undone.name
    assert undo.x >= undone.x + undone.width


@step
def tick(number: int) -> int:
    return number


@workflow(name="admin_tests.long")
def long(count: int) -> None:
    for number in range(count):
        tick(number)
    sleep(3600)


def test_long_timeline_begins_with_its_end(viewer):
    workflow = ran(long.start(230))
    last, first = viewer.get(page(workflow)).context, viewer.get(page(workflow) + "?tasks=1").context
    assert [entry.position.seq for entry in last["entries"]] == list(range(201, 232))
    assert [entry.position.seq for entry in first["entries"]] == list(range(1, 101))
    assert "200 more, in the table" in last["graph"].description
    assert len(first["graph"].boxes) < 50


@pytest.mark.parametrize("number", ["0", "-1", "x", "999", "1e9", "%00"])
def test_odd_page_numbers_lead_to_a_page(viewer, waiting, number):
    assert "delivered" in text_of(viewer, waiting, f"?tasks={number}&history={number}")


def queries(browser, target: Workflow) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(page(target)).status_code == 200
    return len(captured)


def test_page_takes_as_many_queries_for_many_tasks(viewer):
    few, many = ran(long.start(3)), ran(long.start(90))
    queries(viewer, few)
    assert queries(viewer, few) == queries(viewer, many) <= 20


@workflow(name="admin_tests.family")
def family(size: int) -> None:
    for number in range(size):
        waits.start(name=str(number))
        request_approval(f"Release {number}", users=["ada"], timeout=timedelta(days=2)) if number == size - 1 else None
    wait_for_event("home")


def test_page_takes_as_many_queries_for_many_children(staff):
    browser = staff("view_workflow", "view_approval")
    small, large = ran(family.start(1)), ran(family.start(30))
    queries(browser, small)
    assert queries(browser, small) == queries(browser, large)


def test_large_values_are_not_read(viewer):
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=120_000))

    @step(name="tests.bulk")
    def bulk() -> str:
        return noise

    @workflow(name="tests.bulky")
    def bulky() -> None:
        bulk()
        wait_for_event("go")

    target = ran(bulky.start())
    text = text_of(viewer, target)
    assert noise[:50] not in text
    assert "What is too large to show here is left out." in text
