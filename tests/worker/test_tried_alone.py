"""Whatever is tried alone has a count that is committed, a pause that grows, a turn behind the queue, and an end."""

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection

from pgworkflows import current_workflow, request_approval, step, workflow
from pgworkflows.execution import recording
from pgworkflows.models import History, Task, Workflow
from pgworkflows.presentation.waits import in_words
from tests.ledger.models import Account, Entry, Parcel
from tests.workers import conninfo, rows


@pytest.fixture
def neighbours(worker, run_until):
    """Give a function that starts ten neighbours and returns once they have completed."""

    @step(name="tests.enter")
    def enter() -> None:
        Entry.objects.create(name="neighbour")

    @workflow(name="tests.neighbour")
    def neighbour() -> None:
        enter()

    worker.know(neighbour)

    def run() -> None:
        before = Entry.objects.filter(name="neighbour").count()
        neighbour.start_many([{}] * 10)
        run_until(lambda: not Workflow.objects.filter(name="tests.neighbour").exclude(status="COMPLETED").exists())
        assert Entry.objects.filter(name="neighbour").count() == before + 10

    return run


def test_step_that_loses_its_connection_each_time(worker, run_until, neighbours):
    tries = []

    @step(name="tests.loses")
    def loses() -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    @workflow
    def body() -> None:
        loses()

    worker.know(body)
    row = body.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).crashes > 1)
    neighbours()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "BLOCKED")
    row.refresh_from_db()
    assert len(tries) <= 6
    assert f"Step tests.loses of workflow {row.name} {row.pk} was tried 5 times" in row.error["message"]
    assert "psycopg.errors" in row.error["message"] or "OperationalError" in row.error["message"]
    assert "retry()" in row.error["message"]
    assert Task.objects.filter(workflow=row).count() == 0


def test_result_from_outside_is_kept_where_what_follows_loses_the_connection(worker, run_until, neighbours):
    calls = []

    @step(atomic=False, name="tests.calls")
    def calls_out() -> str:
        calls.append(1)
        return "kept"

    @step(name="tests.loses")
    def loses() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    @workflow
    def body() -> None:
        calls_out()
        loses()

    worker.know(body)
    row = body.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "BLOCKED")
    assert len(calls) == 1
    assert Task.objects.get(workflow=row).result == "kept"
    neighbours()


def holding(sql: str, *parameters: object) -> psycopg.Connection:
    """Open a session as a person in psql would, and leave its transaction open."""
    session = psycopg.connect(conninfo())
    session.execute(sql, parameters)
    return session


@pytest.fixture
def account(db) -> Account:
    return Account.objects.create(name="a")


WAYS = {
    "row lock": (
        "SELECT FROM ledger_account WHERE id = %s FOR UPDATE",
        lambda pk: Account.objects.filter(pk=pk).update(units=1),
    ),
    "table lock": (
        "LOCK TABLE ledger_parcel",
        lambda pk: Parcel.objects.create(),
    ),
    "advisory lock": (
        "SELECT pg_advisory_xact_lock(%s)",
        lambda pk: rows("SELECT pg_advisory_xact_lock(%s)", pk),
    ),
}


@pytest.fixture(params=WAYS)
def locked(request, worker, account):
    """Give a workflow that needs a lock, and the session that holds it."""
    sql, needs = WAYS[request.param]

    @step(name="tests.needs")
    def needing() -> None:
        needs(account.pk)

    @workflow(name="tests.locked")
    def body() -> None:
        needing()

    worker.know(body)
    with holding(sql, *([account.pk] if "%s" in sql else [])) as session:
        yield body, session


def test_lock_that_somebody_holds_is_waited_for_behind_the_others(locked, run_until, neighbours):
    body, session = locked
    row = body.start()
    run_until(lambda: "a lock that step tests.needs needs" in in_words(Workflow.objects.get(pk=row.pk)))
    first = Task.objects.get(workflow=row)
    assert first.error["cause"]["type"] == "psycopg.errors:LockNotAvailable"
    neighbours()
    run_until(lambda: Task.objects.get(workflow=row).due_at - first.started_at > 2 * (first.due_at - first.started_at))
    assert Task.objects.get(workflow=row).started_at == first.started_at
    assert Workflow.objects.get(pk=row.pk).crashes == 0
    session.rollback()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "COMPLETED")
    assert (Task.objects.get(workflow=row).attempt, Task.objects.get(workflow=row).due_at) == (1, None)
    assert History.objects.filter(workflow=row.pk, task__isnull=False).count() == 1


def test_lock_that_is_never_given_back_blocks_in_the_end(locked, run_until, neighbours, monkeypatch):
    """After retry() it has as long again."""
    monkeypatch.setattr(recording, "LONGEST_SNOOZING", 1.0)
    body, _ = locked
    row = body.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "BLOCKED")
    message = Workflow.objects.get(pk=row.pk).error["message"]
    assert Task.objects.get(workflow=row).due_at is None
    row.retry()
    run_until(lambda: Task.objects.get(workflow=row).due_at is not None)
    assert f"Step tests.needs of workflow tests.locked {row.pk} met a lock" in message
    assert "the limit is 1 s" in message
    assert "retry()" in message
    neighbours()


def test_snapshot_that_ends_the_connection_is_blocked(worker, run_until, neighbours, account, monkeypatch):
    User.objects.create_user("ann")

    def approval_snapshot(self: Account) -> dict[str, str]:
        rows("SELECT pg_terminate_backend(pg_backend_pid())")
        return {}

    monkeypatch.setattr(Account, "approval_snapshot", approval_snapshot, raising=False)

    @workflow
    def body() -> None:
        request_approval("Please", users=["ann"], subject=current_workflow().subject)

    worker.know(body)
    row = body.using(subject=account).start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).crashes > 1)
    neighbours()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "BLOCKED")
    assert "The body of workflow" in Workflow.objects.get(pk=row.pk).error["message"]


def test_snapshot_that_ends_the_transaction_is_refused(worker, run_until, neighbours, account, monkeypatch):
    User.objects.create_user("ann")
    monkeypatch.setattr(Account, "approval_snapshot", lambda self: rows("COMMIT") or {}, raising=False)

    @workflow
    def body() -> None:
        request_approval("Please", users=["ann"], subject=current_workflow().subject)

    worker.know(body)
    row = body.using(subject=account).start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "FAILED")
    assert "tried to end" in Workflow.objects.get(pk=row.pk).error["message"]
    neighbours()
