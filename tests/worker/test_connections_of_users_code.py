"""Connections that users' code finds, and how it leaves them: as before and after a request, whoever ran before."""

import time

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from pgworkflows import step, workflow
from pgworkflows.models import Workflow
from tests.ledger.models import Entry
from tests.workers import OTHER_SESSIONS, conninfo, rows


def committed(name: str) -> int:
    """Count the entries that another session sees."""
    with psycopg.connect(conninfo(), autocommit=True) as session:
        return session.execute("SELECT count(*) FROM ledger_entry WHERE name = %s", [name]).fetchone()[0]


def leave_autocommit_off() -> None:
    transaction.set_autocommit(False)
    Entry.objects.create(name="left open")


def leave_a_block_open() -> None:
    transaction.atomic().__enter__()
    Entry.objects.create(name="left open")


def leave_begin_open() -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
    Entry.objects.create(name="left open")


WAYS = [leave_autocommit_off, leave_a_block_open, leave_begin_open]


@pytest.fixture
def run(worker, run_until):
    """Give a function that runs a body of one step to its end and returns the row."""

    def run(made, **options) -> Workflow:
        @workflow(name=f"tests.{made.name}")
        def body() -> None:
            made()

        if body.name not in worker.engine.known.names:
            worker.know(body)
        row = body.start()
        run_until(lambda: Workflow.objects.get(pk=row.pk).is_finished)
        return Workflow.objects.get(pk=row.pk)

    return run


def test_async_steps_work_again_after_their_connection_was_cut(run, forget_definitions):
    @step(atomic=False, name="count")
    async def count() -> int:
        return await Entry.objects.acount()

    assert run(count).status == "COMPLETED"
    rows(f"SELECT pg_terminate_backend(pid) {OTHER_SESSIONS}")

    assert run(count).error is None


@pytest.mark.parametrize("leave", WAYS)
def test_call_that_leaves_a_transaction_open_fails_and_the_next_commits(run, leave):
    @step(atomic=False, name="leaves")
    def leaves() -> None:
        leave()

    @step(atomic=False, name="enters")
    def enters() -> None:
        Entry.objects.create(name="next")

    found = run(leaves)
    assert found.status == "FAILED"
    assert "Step leaves left a transaction open on default" in found.error["message"]
    assert run(enters).status == "COMPLETED"
    assert (committed("left open"), committed("next")) == (0, 1)


@pytest.mark.parametrize("leave", WAYS)
def test_async_call_that_leaves_a_transaction_open_fails_and_the_next_commits(run, leave):
    @step(atomic=False, name="leaves")
    async def leaves() -> None:
        await sync_to_async(leave)()

    @step(atomic=False, name="enters")
    async def enters() -> None:
        await Entry.objects.acreate(name="next")

    assert run(leaves).status == "FAILED"
    assert run(enters).status == "COMPLETED"
    assert (committed("left open"), committed("next")) == (0, 1)


@pytest.mark.parametrize("leave", WAYS)
def test_hook_that_leaves_a_transaction_open_loses_its_own_rows_only(run, leave, caplog):
    @step(name="hooks")
    def hooks() -> None:
        transaction.on_commit(leave)

    @step(name="enters")
    def enters() -> None:
        Entry.objects.create(name="next")

    assert run(hooks).status == "COMPLETED"
    assert run(enters).status == "COMPLETED"
    assert (committed("left open"), committed("next")) == (0, 1)
    assert "left a transaction open" in caplog.text


def test_a_lock_of_a_sender_that_stays_open_does_not_spin_the_worker(worker):
    with psycopg.connect(conninfo()) as sender:
        sender.execute("SELECT pgworkflows.wake()")
        looks, end = 0, time.monotonic() + 1
        while time.monotonic() < end:
            worker._idle()
            looks += 1
    assert looks < 12
