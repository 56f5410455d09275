"""G5: an event or a decision commits with its sender, is delivered once, and may come before anyone waits for it."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import transaction

from pgworkflows import request_approval, send_event, step, wait_for_event, workflow
from pgworkflows.models import Approval, Event, Workflow
from tests.ledger.models import Entry
from tests.workers import conninfo, rows

pytestmark = pytest.mark.django_db(transaction=True)


class RefusedError(Exception):
    pass


@pytest.fixture
def taking():
    @step
    def take(payload: str) -> None:
        Entry.objects.create(name=payload)

    @workflow
    def taking(correlation: str | None = None, many: int = 1) -> None:
        for _ in range(many):
            take(wait_for_event("go", correlation=correlation, timeout=timedelta(hours=1)))

    return taking


def taken() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("name", flat=True))


def test_it_goes_with_its_senders_transaction(pgworkflows, taking):
    started = taking.start()
    pgworkflows.run_workflows()
    with pytest.raises(RefusedError), transaction.atomic():  # noqa: PT012 - the block is the transaction
        started.send_event("go", "never sent")
        raise RefusedError
    pgworkflows.run_workflows()
    assert taken() == []
    assert Workflow.objects.get().status == "WAITING"
    with transaction.atomic():
        started.send_event("go", "sent")
    pgworkflows.run_workflows()
    assert taken() == ["sent"]
    assert Workflow.objects.get().status == "COMPLETED"


def test_it_may_come_before_the_wait(pgworkflows, taking):
    for payload in ("one", "two"):
        send_event("go", payload, correlation="c")
    pgworkflows.run_workflows()
    first, second = taking.start("c"), taking.start("c")
    pgworkflows.run_workflows()
    first.wait(1), second.wait(1)
    assert sorted(taken()) == ["one", "two"]


def test_each_is_delivered_once_in_order(pgworkflows, taking):
    started = taking.start(many=5)
    for number in range(3):
        started.send_event("go", str(number))
    started.send_event("go", "3", key="k")
    started.send_event("go", "3", key="k")
    pgworkflows.run_workflows()
    assert taken() == ["0", "1", "2", "3"]
    assert Workflow.objects.get().status == "WAITING"
    started.send_event("go", "4")
    pgworkflows.run_workflows()
    assert taken()[-1] == "4"
    assert Event.objects.count() == 5


def test_a_locked_workflow_gets_it_later(pgworkflows, taking):
    started = taking.start()
    pgworkflows.run_workflows()
    with psycopg.connect(conninfo()) as session:
        session.execute("SELECT FROM pgworkflows_workflow FOR NO KEY UPDATE")
        started.send_event("go", "patient")  # which does not wait for the row either
        pgworkflows.run_workflows()
        assert taken() == []
        assert Event.objects.get().delivered_at is None
    pgworkflows.run_workflows()
    assert taken() == ["patient"]


def test_an_event_and_a_wait_that_commit_together_meet(pgworkflows, taking):
    with psycopg.connect(conninfo()) as session:
        session.execute("SELECT pgworkflows.send_correlated('go', 'c', '\"met\"')")
        taking.start("c")
        pgworkflows.run_workflows()
        assert Workflow.objects.get().status == "WAITING"
    pgworkflows.run_workflows()
    assert taken() == ["met"]


def test_a_crash_at_delivery_takes_nothing_away(pgworkflows, taking):
    started = taking.start()
    pgworkflows.run_workflows()
    started.send_event("go", "once")
    with pgworkflows.crash_at("before_commit"):
        pgworkflows.run_workflows()
    pgworkflows.run_workflows()
    assert taken() == ["once"]


def test_a_decision_goes_with_its_transaction(pgworkflows):
    User.objects.create(username="ann")

    @workflow
    def asking() -> bool:
        return request_approval("May we?", users=["ann"]).approved

    started = asking.start()
    pgworkflows.run_workflows()
    decide = f"SELECT pgworkflows.decide({Approval.objects.get().pk}, 'ann', 'approve')"
    with pytest.raises(RefusedError), transaction.atomic():  # noqa: PT012 - the block is the transaction
        rows(decide)
        raise RefusedError
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "WAITING"
    rows(decide)
    pgworkflows.run_workflows()
    assert started.wait(1) is True
