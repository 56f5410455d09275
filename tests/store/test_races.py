"""Two real connections at one instant."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.db import connection, connections, transaction

from pgworkflows import AlreadyDecided, KeyConflict, request_approval, send_event, wait_for_event, wait_for_request, workflow
from pgworkflows.models import Approval, Event, History, Request, Task, Workflow
from pgworkflows.store import events, requests
from pgworkflows.store.connection import database_now
from pgworkflows.store.definitions import write_definition
from pgworkflows.telemetry import points
from pgworkflows.testing import run_workflows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beside():
    """Run something in a thread with a Django connection of its own."""
    with ThreadPoolExecutor(1) as pool:

        def run(work):
            def closing():
                try:
                    return work()
                finally:
                    connection.close()

            return pool.submit(closing)

        yield run


@pytest.fixture
def body():
    @workflow(name="tests.body")
    def body(n: int = 0) -> object:
        return wait_for_event("go", correlation="c")

    write_definition(body)
    return body


BLOCKED = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"


def test_events_behind_a_locked_workflow_are_delivered(beside, body, watch):
    held, free = body.start(1), body.start(2)
    for _ in range(5):
        held.send_event("go")
    free.send_event("go")
    with transaction.atomic():
        Workflow.objects.select_for_update().get(pk=held.pk)
        assert beside(lambda: events.deliver(most=2)).result(timeout=10) == 1
    assert list(Event.objects.exclude(delivered_at=None).values_list("workflow", flat=True)) == [free.pk]


def test_two_starts_of_one_key_give_one_row(beside, body, watch):
    with transaction.atomic():
        first = body.using(key="k").start(7)
        other = beside(lambda: body.using(key="k").start(7))
        watch(BLOCKED)
    assert other.result().pk == first.pk
    assert Workflow.objects.count() == History.objects.count() == 1


def test_second_start_takes_over_where_the_first_rolls_back(beside, body, watch):
    with transaction.atomic():
        first = body.using(key="k").start(7)
        other = beside(lambda: body.using(key="k").start(7))
        watch(BLOCKED)
        transaction.set_rollback(True)
    assert other.result().pk != first.pk
    assert Workflow.objects.get().pk == other.result().pk


def test_second_start_with_other_arguments_is_refused(beside, body, watch):
    with transaction.atomic():
        body.using(key="k").start(7)
        other = beside(lambda: body.using(key="k").start(8))
        watch(BLOCKED)
    with pytest.raises(KeyConflict):
        other.result()


def test_two_starts_in_sql_give_one_row(connect, body, watch):
    start = """SELECT pgworkflows.start('tests.body', '{"n": 7}', 'k')"""
    one, two = connect(), connect()
    first = one.execute(start).fetchone()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: two.execute(start).fetchone())
        watch(BLOCKED)
        one.commit()
        assert other.result() == first
    two.commit()
    assert Workflow.objects.count() == 1


def in_sql(body):
    with connection.cursor() as cursor:
        cursor.execute("""SELECT pgworkflows.start('tests.body', '{"n": 7}', 'k')""")
        return cursor.fetchone()[0]


def as_a_child(body):
    @workflow(name="tests.parent")
    def parent() -> str:
        return str(body.using(key="k").start(7).id)

    parent.start()
    run_workflows()
    return Task.objects.get(kind="CHILD").child_id


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(in_sql, id="in SQL"),
        pytest.param(lambda body: body.using(key="k").start(7).pk, id="in Python"),
        pytest.param(lambda body: body.using(key="k").start_many([{"n": 7}, {"n": 7}])[1].pk, id="two of one key"),
        pytest.param(as_a_child, id="as a child"),
    ],
)
def test_start_begins_anew_where_the_holder_of_its_key_is_deleted_meanwhile(beside, body, connect, watch, start):
    before = body.using(key="k").start(7)
    Workflow.objects.update(status="CANCELLED", finished_at=database_now(), available_at=None)
    holds = connect()
    holds.execute("LOCK TABLE pgworkflows_history IN SHARE MODE")  # which a start comes to after it met the key
    other = beside(lambda: start(body))
    watch(BLOCKED)
    deletes = connect(autocommit=True)
    deletes.execute("DELETE FROM pgworkflows_workflow WHERE key = 'k'")
    holds.rollback()
    assert other.result(timeout=30) == Workflow.objects.get(key="k").pk != before.pk


@pytest.mark.direct
def test_starts_among_deletions_always_give_a_workflow(body, connect):
    """Without a lock to stop them anywhere: between the two statements of a start, and between it and the row's reading."""
    deletes, stop = connect(autocommit=True), threading.Event()

    def delete():
        while not stop.is_set():
            deletes.execute("UPDATE pgworkflows_workflow SET status = 'CANCELLED', finished_at = now(), available_at = NULL "
                            "WHERE key = 'k' AND status = 'PENDING'")  # fmt: skip
            deletes.execute("DELETE FROM pgworkflows_workflow WHERE key = 'k' AND finished_at IS NOT NULL")

    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(delete)
        try:
            got = [body.using(key="k").start(7) for _ in range(500)]
        finally:
            stop.set()
        deleting.result()
    assert [workflow.key for workflow in got] == ["k"] * 500


def test_two_decisions_at_once_count_both(beside, pgworkflows, django_user_model, watch):
    ann, bob = (django_user_model.objects.create_user(name) for name in ("ann", "bob"))

    @workflow
    def asks() -> bool:
        return request_approval("Release", users=["ann", "bob"], quorum=2).approved

    started = asks.start()
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    with transaction.atomic():
        approval.approve(ann)
        other = beside(lambda: Approval.objects.get().approve(bob))
        watch(BLOCKED)
    other.result()
    assert list(History.objects.filter(approval=approval.pk).values_list("event", flat=True).order_by("id")) == [
        "request", "ask", "ask", "decide", "decide", "approve",
    ]  # fmt: skip
    pgworkflows.run_workflows()
    assert started.wait(1) is True


def test_decision_on_what_was_decided_just_now_is_refused(beside, pgworkflows, django_user_model, watch):
    ann, bob = (django_user_model.objects.create_user(name) for name in ("ann", "bob"))

    @workflow
    def asks() -> bool:
        return request_approval("Release", users=["ann", "bob"]).approved

    asks.start()
    pgworkflows.run_workflows()
    with transaction.atomic():
        Approval.objects.get().reject(ann, comment="no")
        other = beside(lambda: Approval.objects.get().approve(bob))
        watch(BLOCKED)
    with pytest.raises(AlreadyDecided, match="is already REJECTED; nothing was changed"):
        other.result()


def test_event_and_wait_that_commit_together_meet(connect, body, pgworkflows):
    """The event is looked at before the wait is committed, and the wait is opened before the event is."""
    started = body.start()
    sender = connect()
    sender.execute("""SELECT pgworkflows.send_correlated('go', 'c', '"here"')""")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "WAITING"
    sender.commit()
    pgworkflows.run_workflows()
    assert started.wait(1) == "here"


def test_event_that_was_parked_is_found_by_its_wait(body, pgworkflows):
    send_event("go", "early", correlation="c")
    events.deliver()
    assert Event.objects.get().parked
    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(1) == "early"


def test_parked_event_and_uncommitted_wait_meet_on_the_second_look(connect, body, pgworkflows, beside):
    """A worker's look misses the wait of a transaction that is still open; the look after its commit does not."""
    started = body.start()
    with transaction.atomic():
        pgworkflows.run_workflows()
        beside(lambda: send_event("go", "crossing", correlation="c")).result()
        beside(events.deliver).result()
    assert Event.objects.get().parked
    assert events.look_again([started.pk]) == 1
    pgworkflows.run_workflows()
    assert started.wait(1) == "crossing"


def test_sender_never_waits_for_a_running_workflow(beside, body):
    started = body.start()
    with transaction.atomic():
        Workflow.objects.select_for_update(no_key=True).get(pk=started.pk)
        beside(lambda: started.send_event("go")).result(timeout=10)
        assert beside(events.deliver).result(timeout=10) == 0
    assert Event.objects.get().delivered_at is None
    assert events.deliver() == 1
    assert Event.objects.get().delivered_at is not None


def test_cancel_never_waits_for_a_running_workflow(beside, body, pgworkflows, told):
    started = body.start()
    with transaction.atomic():
        Workflow.objects.select_for_update(no_key=True).get(pk=started.pk)
        beside(lambda: started.cancel("hurry", by="ann")).result(timeout=10)
    assert Event.objects.get().name == "$cancel"
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "CANCELLED"
    row = History.objects.get(event="cancel")
    assert (row.actor, row.note) == ("ann", "hurry")


def test_wait_that_ended_meanwhile_gets_nothing(connect, body, pgworkflows):
    """Its workflow is locked, by somebody who ends the wait, while the event is looked at."""
    started = body.start()
    pgworkflows.run_workflows()
    send_event("go", "late", correlation="c")
    ends = connect()
    ends.execute("UPDATE pgworkflows_task SET status = 'FAILED'")
    ends.execute("UPDATE pgworkflows_workflow SET available_at = now()")
    assert events.deliver() == 0
    ends.commit()
    assert events.deliver() == 1
    event = Event.objects.get()
    assert (event.workflow, event.parked) == (None, True)
    started.refresh_from_db()
    assert started.status == "WAITING"


def test_blocked_workflow_does_not_hold_up_its_event(body, pgworkflows):
    body.start()
    pgworkflows.run_workflows()
    Workflow.objects.update(status="BLOCKED")
    send_event("go", "parked", correlation="c")
    assert [events.deliver(), events.deliver()] == [1, 0]
    Workflow.objects.get().retry()
    pgworkflows.run_workflows()
    events.look_again()
    pgworkflows.run_workflows()
    assert Workflow.objects.get().wait(1) == "parked"


def test_one_event_goes_to_one_of_two_waits(body, pgworkflows):
    first, second = body.start(1), body.start(2)
    pgworkflows.run_workflows()
    send_event("go", "one", correlation="c")
    pgworkflows.run_workflows()
    assert first.wait(1) == "one"
    second.refresh_from_db()
    assert second.status == "WAITING"
    send_event("go", "two", correlation="c")
    pgworkflows.run_workflows()
    assert second.wait(1) == "two"


def test_two_deliverers_give_an_event_once(body, pgworkflows, watch):
    started = body.start()
    pgworkflows.run_workflows()
    for n in range(20):
        send_event("other", n, correlation=f"x{n}")
        started.send_event("noise", n)
    gate, done = threading.Barrier(2), []

    def deliver():
        gate.wait()
        while count := events.deliver(3):
            done.append(count)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.append(events.deliver())  # what each left because the other had its workflow locked
    assert Event.objects.filter(delivered_at=None, parked=False).count() == 0
    assert sum(done) == 40


@pytest.fixture
def either():
    @workflow(name="tests.either")
    def either() -> str:
        return wait_for_event(["paid", "cancelled"], correlation="c").name

    write_definition(either)
    return either


def test_one_of_several_events_that_commits_after_its_wait(beside, either):
    run = either.start()
    with transaction.atomic():
        send_event("cancelled", correlation="c")
        beside(run_workflows).result(timeout=20)
        assert Workflow.objects.get(pk=run.pk).status == "WAITING"
    run_workflows()
    assert run.wait(0) == "cancelled"


def test_one_of_several_events_that_commits_just_before_its_wait(beside, either):
    run = either.start()
    sent: list[bool] = []

    def send(**_facts: object) -> None:
        if not sent:
            sent.append(beside(lambda: send_event("cancelled", correlation="c")).result(timeout=20))
            beside(events.deliver).result(timeout=20)

    with points.flush_ended.subscribed(send):
        run_workflows()
    assert (sent, run.wait(0)) == ([False], "cancelled")


@pytest.fixture
def desk():
    @workflow(name="tests.desk")
    def desk() -> str:
        question = wait_for_request("rename")
        question.answer(question.payload)
        return question.payload

    write_definition(desk)
    return desk


def test_request_that_commits_after_its_wait(beside, desk):
    run = desk.start()
    with transaction.atomic():
        requests.post(run.pk, "rename", "ann")
        beside(run_workflows).result(timeout=20)
        assert Workflow.objects.get(pk=run.pk).status == "WAITING"
    run_workflows()
    assert run.wait(0) == Request.objects.get().answer == "ann"


def test_request_that_commits_just_before_its_wait(beside, desk):
    run = desk.start()
    asked: list[int] = []

    def post(**_facts: object) -> None:
        if not asked:
            asked.append(beside(lambda: requests.post(run.pk, "rename", "ann")).result(timeout=20))
            beside(events.deliver).result(timeout=20)

    with points.flush_ended.subscribed(post):
        run_workflows()
    assert run.wait(0) == Request.objects.get().answer == "ann"


def test_request_at_the_moment_of_the_end_is_refused(beside, desk):
    run = desk.start()
    requests.post(run.pk, "rename", "ann")
    with transaction.atomic():
        late = requests.post(run.pk, "rename", "bob")
        beside(run_workflows).result(timeout=20)
        assert Workflow.objects.get(pk=run.pk).status == "COMPLETED"
    run_workflows()
    assert Request.objects.get(pk=late).refusal == "it is COMPLETED and has not answered"


async def ask_from_async_code(run):
    try:
        return await run.aask("rename", "ann", timeout=20)
    finally:
        await sync_to_async(connections.close_all)()


def ask_in_terminal(run):
    call_command("workflows", "ask", str(run.pk), "rename", "--payload", '"ann"', "--timeout", "20s", stdout=(said := StringIO()))
    return json.loads(said.getvalue())


@pytest.mark.parametrize(
    "ask",
    [
        lambda run: run.ask("rename", "ann", timeout=20),
        lambda run: asyncio.run(ask_from_async_code(run)),
        ask_in_terminal,
    ],
    ids=["python", "async", "terminal"],
)
def test_ask_waits_for_the_worker_beside(beside, desk, watch, ask):
    run = desk.start()
    asking = beside(lambda: ask(run))
    watch("EXISTS (SELECT FROM pgworkflows_request)")
    run_workflows()
    assert asking.result(timeout=20) == "ann"
