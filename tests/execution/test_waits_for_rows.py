"""Waiting for a row that a query finds."""

from datetime import timedelta

import psycopg
import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.state import ProjectState

from pgworkflows import WaitTimeout, WakeWaits, sleep, step, wait_for_row, workflow
from pgworkflows.models import Event, Task, Workflow
from pgworkflows.store import events
from pgworkflows.testing import crash_everywhere, move_clock
from tests.ledger.models import Account
from tests.workers import conninfo

MINUTE = timedelta(minutes=1)


@step
def units_of(account: Account) -> int:
    return account.units


@pytest.fixture
def saving():
    @workflow(name="tests.saving")
    def body(limit: int | None = None) -> list[object]:
        try:
            account = wait_for_row(Account.objects.filter(units__gte=5).order_by("-units"), timeout=limit)
        except WaitTimeout as error:
            return [str(error)]
        units = units_of(account)
        sleep(MINUTE)
        return [account.pk, units]

    return body


@pytest.fixture
def trigger(transactional_db):
    state = ProjectState.from_apps(apps)
    operation = WakeWaits("ledger.Account")
    with connection.schema_editor() as editor:
        operation.database_forwards("ledger", editor, state, state)
    yield operation
    with connection.schema_editor() as editor:
        operation.database_backwards("ledger", editor, state, state)


def later(pgworkflows, length=MINUTE):
    pgworkflows.move_clock(length)
    pgworkflows.run_workflows()


def test_row_that_is_there_is_taken_at_once_in_the_querys_order(pgworkflows, saving):
    Account.objects.create(name="a", units=5)
    most = Account.objects.create(name="b", units=9)
    run = saving.start()
    pgworkflows.run_workflows()
    Account.objects.all().delete()
    later(pgworkflows)
    assert run.wait(0) == [most.pk, 9]
    assert next(iter(run.tasks.order_by("seq").values_list("kind", "name"))) == ("ROW", "ledger.Account")


def test_row_that_comes_later_is_found_when_it_is_looked_for(pgworkflows, saving):
    run = saving.start()
    pgworkflows.run_workflows()
    wait = Workflow.objects.get(pk=run.pk).waiting_for[0]
    assert (wait["kind"], wait["title"]) == ("ROW", "ledger.Account")
    account = Account.objects.create(name="a", units=1)
    later(pgworkflows)
    Account.objects.update(units=7)
    assert pgworkflows.run_workflows().batches == 0
    later(pgworkflows)
    later(pgworkflows)
    assert run.wait(0) == [account.pk, 7]


def test_time_runs_out(pgworkflows, saving):
    run = saving.start(limit=90)
    pgworkflows.run_workflows()
    later(pgworkflows, timedelta(seconds=91))
    assert run.wait(0) == ["Timed out: ledger.Account."]


def test_written_table_wakes_whoever_waits_for_its_rows(trigger, pgworkflows, saving):
    run = saving.start()
    pgworkflows.run_workflows()
    with transaction.atomic():
        Account.objects.create(name="a", units=1)
        Account.objects.update(units=7)
        assert Event.objects.filter(name="$row").count() == 1
    pgworkflows.run_workflows()
    assert run.tasks.first().status == "COMPLETED"
    assert not Event.objects.exists()


def test_trigger_leaves_nothing_where_nobody_waits(trigger, saving):
    Account.objects.create(name="a", units=1)
    assert not Event.objects.exists()


def test_change_is_kept_for_a_workflow_that_is_locked(trigger, pgworkflows, saving):
    run = saving.start()
    pgworkflows.run_workflows()
    with psycopg.connect(conninfo()) as other:
        other.execute("SELECT FROM pgworkflows_workflow WHERE id = %s FOR UPDATE", [run.pk])
        Account.objects.create(name="a", units=7)
        events.deliver()
        assert Event.objects.filter(name="$row").count() == 1
    pgworkflows.run_workflows()
    assert run.tasks.first().status == "COMPLETED"


def test_waits_for_rows_pass_everywhere(transactional_db, saving):
    then = [
        lambda run: Account.objects.create(name="a", units=7),
        lambda run: move_clock(MINUTE),
        lambda run: move_clock(MINUTE),
    ]
    report = crash_everywhere(saving, then=then)
    assert report.crashes["before_step"] == 1


def evaluated():
    rows = Account.objects.none()
    rows._fetch_all()
    return rows


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (lambda: [1], {}, "wait_for_row() takes a query set, as in Order.objects.filter(...), not [1]."),
        (evaluated, {}, "wait_for_row(): the query set of ledger.Account was evaluated in the body"),
        (lambda: Account.objects.all()[:5], {}, "wait_for_row(): the query set of ledger.Account is sliced"),
        (lambda: Account.objects.all().union(Account.objects.all()), {}, "is a union, intersection or difference"),
        (lambda: Account.objects.select_for_update(), {}, "locks its rows: lock them in a step"),
        (lambda: Account.objects.using("other"), {}, "is read from 'other', and workflows live in 'default'"),
        (lambda: Account.objects.all(), {"every": 0}, "wait_for_row(every=) must be longer than nothing."),
        (lambda: Account.objects.all(), {"timeout": "1"}, "wait_for_row(timeout=) must be a timedelta"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_before_anything_begins(pgworkflows, rows, options, message):
    @workflow
    def body() -> None:
        wait_for_row(rows(), **options)

    run = body.start()
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert (run.status, message in run.error["message"]) == ("FAILED", True), run.error
    assert not Task.objects.exists()
