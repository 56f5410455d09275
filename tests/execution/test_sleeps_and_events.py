"""Waiting for a time or for a message."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from pgworkflows import WaitTimeout, WorkflowFinished, WorkflowNotFound, send_event, sleep, sleep_until, wait_for_event, workflow
from pgworkflows.models import Event, Workflow


@pytest.fixture
def listener():
    """Declare a workflow that waits for `go` so many times and returns the payloads."""

    @workflow
    def listen(times: int = 1, correlation: str | None = None, limit: int | None = None) -> list[object]:
        try:
            return [wait_for_event("go", correlation=correlation, timeout=limit) for _ in range(times)]
        except WaitTimeout as error:
            return [str(error)]

    return listen


def test_sleep_ends_when_its_time_comes(pgworkflows):
    @workflow
    def body() -> str:
        sleep(timedelta(days=3))
        sleep_until(datetime(2020, 1, 1, tzinfo=UTC))
        return "awake"

    started = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(days=2))
    assert pgworkflows.run_workflows().batches == 0
    started.refresh_from_db()
    assert started.status == "WAITING"
    pgworkflows.move_clock(timedelta(days=1, seconds=1))
    pgworkflows.run_workflows()
    assert started.wait(0) == "awake"


def test_sleep_until_needs_a_zone(pgworkflows):
    @workflow
    def body() -> None:
        sleep_until(datetime(2020, 1, 1))

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.error["message"] == "sleep_until(): 2020-01-01 00:00:00 has no time zone. Use django.utils.timezone."


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("correlation", [None, "order-7"])
def test_event_before_and_after_the_wait(pgworkflows, listener, before, correlation):
    started = listener.start(correlation=correlation)
    if not before:
        pgworkflows.run_workflows()
    if correlation:
        send_event("go", {"n": 1}, correlation=correlation)
    else:
        started.send_event("go", {"n": 1})
    pgworkflows.run_workflows()
    assert started.wait(0) == [{"n": 1}]
    event = Event.objects.get()
    assert event.delivered_at
    assert event.task == started.tasks.get()


def test_correlated_event_is_kept_for_later(pgworkflows, listener):
    send_event("go", 1, correlation="x")
    pgworkflows.run_workflows()
    assert Event.objects.get().parked
    started = listener.start(correlation="x")
    pgworkflows.run_workflows()
    assert started.wait(0) == [1]


def test_oldest_wait_gets_the_event(pgworkflows, listener):
    started = []
    for _ in range(2):
        started.append(listener.start(correlation="x"))
        pgworkflows.run_workflows()
    send_event("go", 1, correlation="x")
    pgworkflows.run_workflows()
    assert [Workflow.objects.get(pk=one.pk).status for one in started] == ["COMPLETED", "WAITING"]
    send_event("go", 2, correlation="x")
    pgworkflows.run_workflows()
    assert [one.wait(0) for one in started] == [[1], [2]]


@pytest.mark.parametrize("correlation", [None, "x"])
def test_events_of_one_sender_keep_their_order(pgworkflows, listener, correlation):
    started = listener.start(times=5, correlation=correlation)
    for n in range(2):
        started.send_event("go", n)
    pgworkflows.run_workflows()
    for n in range(2, 5):
        if correlation:
            send_event("go", n, correlation=correlation)
        else:
            started.send_event("go", n)
    pgworkflows.run_workflows()
    assert started.wait(0) == [0, 1, 2, 3, 4]


def test_one_key_is_sent_once(pgworkflows, listener):
    started = listener.start(times=2)
    for n in range(2):
        started.send_event("go", n, key="k")
        send_event("other", n, correlation="c", key="k")
    assert Event.objects.count() == 2
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "WAITING"


def test_other_names_wake_nobody(pgworkflows, listener):
    started = listener.start()
    started.send_event("stop")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    (wait,) = started.waiting_for
    assert (started.status, wait["kind"], wait["title"]) == ("WAITING", "EVENT", "go")


@pytest.mark.parametrize("correlation", [None, "x"])
def test_wait_times_out(pgworkflows, listener, correlation):
    started = listener.start(correlation=correlation, limit=60)
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    told = "event go (x)" if correlation else "event go"
    assert started.wait(0) == [f"Timed out: {told}."]


@pytest.mark.parametrize("correlation", [None, "order 7"])
def test_event_sent_in_time_is_taken_however_late_workers_are(pgworkflows, listener, correlation):
    started = listener.start(correlation=correlation, limit=60)
    pgworkflows.run_workflows()
    if correlation is None:
        started.send_event("go", "came")
    else:
        send_event("go", "came", correlation=correlation)
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    assert started.wait(0) == ["came"]


def test_event_sent_too_late_is_not_waited_for(pgworkflows, listener):
    started = listener.start(correlation="order 7", limit=60)
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=61))
    send_event("go", "came", correlation="order 7")
    pgworkflows.run_workflows()
    assert started.wait(0) == ["Timed out: event go (order 7)."]


def test_event_to_a_finished_workflow(pgworkflows, listener):
    started = listener.start(times=0)
    pgworkflows.run_workflows()
    with pytest.raises(WorkflowFinished) as error:
        started.send_event("go")
    assert str(error.value) == (
        f"Cannot send event 'go' to workflow {started.id}: it is COMPLETED. "
        "Start a new workflow if the work has to be done again."
    )


def test_event_to_an_unknown_workflow(pgworkflows):
    unknown = Workflow(id=uuid.UUID(int=7))
    with pytest.raises(WorkflowNotFound) as error:
        unknown.send_event("go")
    assert str(error.value).startswith(f"No workflow {unknown.id}. Check the id or the name; ")


@pytest.mark.parametrize("name", ["", "$cancel", None, 5])
def test_reserved_event_names_are_refused(pgworkflows, name):
    with pytest.raises(TypeError, match="An event's name must be text that is not empty and does not begin with"):
        send_event(name, correlation="x")


def test_undelivered_cancel_is_read_by_the_next_batch(pgworkflows, listener):
    from django.utils import timezone

    started = listener.start()
    payload = {"reason": "r", "compensate": True, "by": "ann"}
    Event.objects.create(workflow=started, name="$cancel", payload=payload, sent_at=timezone.now(), parked=True)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "CANCELLED"
    assert not Event.objects.exists()
