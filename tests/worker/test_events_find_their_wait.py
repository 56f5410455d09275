"""Events under one correlation: in the order of their sending, and never lost to a wait that is over."""

import psycopg
import pytest

from pgworkflows import request_approval, send_event, wait_for_event, workflow
from pgworkflows.models import Approval, Event, Task, Workflow
from pgworkflows.store import events
from tests.workers import conninfo, rows


@pytest.fixture
def parcels(worker, run_until):
    """Give a function that starts a workflow which waits for "delivered", and returns it once it does."""

    @workflow(name="tests.parcel")
    def parcel() -> object:
        return wait_for_event("delivered", correlation="c")

    worker.know(parcel)

    def start() -> Workflow:
        row = parcel.start()
        run_until(lambda: Workflow.objects.get(pk=row.pk).status == "WAITING")
        return row

    return start


def test_later_events_wait_behind_one_whose_workflow_is_locked(parcels, run_until):
    first, second = parcels(), parcels()
    with psycopg.connect(conninfo()) as other:
        other.execute("SELECT FROM pgworkflows_workflow WHERE id = %s FOR UPDATE", [first.pk])
        for number in (1, 2):
            send_event("delivered", number, correlation="c")
        events.deliver()
        assert Event.objects.filter(workflow=None).count() == 2
    run_until(lambda: Workflow.objects.filter(status="COMPLETED").count() == 2)
    assert [Workflow.objects.get(pk=row.pk).result for row in (first, second)] == [1, 2]


def test_later_events_wait_behind_one_that_another_session_delivers(parcels, run_until):
    first = parcels()
    send_event("delivered", 1, correlation="c")
    send_event("delivered", 2, correlation="c")
    with psycopg.connect(conninfo()) as other:
        other.execute("SELECT FROM pgworkflows_event ORDER BY id LIMIT 1 FOR UPDATE")
        events.deliver()
        assert Event.objects.filter(workflow=None).count() == 2
    run_until(lambda: Workflow.objects.get(pk=first.pk).status == "COMPLETED")
    assert Workflow.objects.get(pk=first.pk).result == 1


def test_one_that_was_parked_comes_before_a_new_one(parcels, run_until, monkeypatch):
    send_event("delivered", 1, correlation="c")
    events.deliver()
    assert Event.objects.get().parked
    monkeypatch.setattr(events, "look_again", lambda workflows=None: 0)  # the new one is delivered before that
    first = parcels()
    send_event("delivered", 2, correlation="c")
    run_until(lambda: Workflow.objects.get(pk=first.pk).status == "COMPLETED")
    assert Workflow.objects.get(pk=first.pk).result == 1


@pytest.mark.parametrize("ends", ["cancelled", "timed out"])
def test_event_given_to_a_wait_that_ends_goes_to_the_next(worker, parcels, run_until, ends):
    first = parcels()
    second = parcels()
    send_event("delivered", "it", correlation="c")
    events.deliver()
    assert Event.objects.get().workflow_id == first.pk
    if ends == "cancelled":
        first.cancel("no")
    else:
        rows("UPDATE pgworkflows_workflow SET deadline = now() - interval '1 hour' WHERE id = %s", first.pk)
    run_until(lambda: Workflow.objects.get(pk=second.pk).status == "COMPLETED")
    assert Workflow.objects.get(pk=second.pk).result == "it"
    assert Workflow.objects.get(pk=first.pk).status in ("CANCELLED", "FAILED")


def test_approval_whose_status_was_changed_by_sql_wakes_its_workflow(worker, run_until, django_user_model):
    django_user_model.objects.create_user("ann")

    @workflow
    def asks() -> str:
        return request_approval("Please", users=["ann"]).status

    worker.know(asks)
    row = asks.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "WAITING")
    rows("UPDATE pgworkflows_approval SET status = 'WITHDRAWN', decided_at = now()")
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "COMPLETED")
    assert row.wait(1) == Approval.Status.WITHDRAWN


def test_wait_for_a_child_that_was_deleted_fails(worker, run_until):
    @workflow(name="tests.child")
    def child() -> None:
        wait_for_event("never")

    @workflow(name="tests.parent")
    def parent() -> None:
        child.start().result()

    worker.know(parent)
    row = parent.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "WAITING")
    Workflow.objects.get(name="tests.child").cancel("no")
    Workflow.objects.filter(name="tests.child").delete()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "FAILED")
    assert "which was deleted" in Workflow.objects.get(pk=row.pk).error["message"]
    assert Task.objects.get(workflow=row).status == "FAILED"
