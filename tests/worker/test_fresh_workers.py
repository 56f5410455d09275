"""Many workers that have just begun, and few workflows."""

import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import connection

from pgworkflows import step, workflow
from pgworkflows.execution.agenda import Takes
from pgworkflows.models import Workflow
from pgworkflows.store import queues
from tests.ledger.models import Entry
from tests.workers import conninfo


def test_one_try_is_counted_once(worker):
    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    assert queues.choose_one(worker.engine.known, worker.engine.worker_id) is not None
    assert [queues.choose_one(worker.engine.known, worker.engine.worker_id) for _ in range(3)] == [None] * 3
    assert Workflow.objects.get().crashes == 2


def test_what_another_worker_took_meanwhile_was_no_try(worker, monkeypatch):
    @workflow
    def body() -> None: ...

    worker.know(body)
    row = body.start()
    run_held, taken = worker.agenda._run_held, []

    def run_too_late(*held: Any) -> Any:
        Workflow.objects.update(available_at=row.created_at)
        taken.append(queues.choose_one(worker.engine.known, worker.engine.worker_id, suspects=True))
        assert Workflow.objects.get().crashes == 3
        return run_held(*held)

    monkeypatch.setattr(worker.agenda, "_run_held", run_too_late)
    worker.agenda._try_one()
    assert Workflow.objects.get().crashes == 2
    assert run_held(*taken[0], True).claimed == 1


@pytest.mark.direct
def test_who_looked_at_the_same_moment_only_delays_the_try(worker, monkeypatch):
    """It saw the row before it was held back, locked it nevertheless, and lets go of it at its end without running it."""

    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    run_held = worker.agenda._run_held

    def run_meanwhile(*held: Any) -> Any:
        with psycopg.connect(conninfo()) as other:
            other.execute("SELECT FROM pgworkflows_workflow FOR NO KEY UPDATE")
            letting_go = threading.Thread(target=let_go_of, args=[other])
            letting_go.start()
            report = run_held(*held)
            letting_go.join()
        return report

    monkeypatch.setattr(worker.agenda, "_run_held", run_meanwhile)
    worker.agenda.pacing.probation_left = 1
    worker.step()
    assert (Workflow.objects.get().status, Workflow.objects.get().crashes) == ("COMPLETED", 0)


def let_go_of(session: psycopg.Connection[Any]) -> None:
    """End its transaction once another session waits for that."""
    waits = "SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    with psycopg.connect(conninfo(), autocommit=True) as looking:
        end = time.monotonic() + 5
        while time.monotonic() < end and not looking.execute(waits, [session.info.backend_pid]).rowcount:
            time.sleep(0.01)
    session.rollback()


@pytest.mark.direct
def test_one_that_another_holds_for_longer_is_tried_here_once_it_is_free(worker, monkeypatch, run_until):
    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    run_held, other = worker.agenda._run_held, psycopg.connect(conninfo())

    def run_in_vain(*held: Any) -> Any:
        monkeypatch.undo()
        other.execute("SELECT FROM pgworkflows_workflow FOR NO KEY UPDATE")
        return run_held(*held)

    monkeypatch.setattr(worker.agenda, "_run_held", run_in_vain)
    worker.agenda.pacing.probation_left, worker.agenda.takes = 1, Takes.QUEUE
    worker.step()
    assert Workflow.objects.get().status == "PENDING"
    other.close()
    run_until(lambda: Workflow.objects.get().status == "COMPLETED", seconds=2)


def test_who_counted_a_try_runs_it_at_once(worker):
    @step
    def enter() -> None:
        Entry.objects.create(name="once")

    @workflow
    def body() -> None:
        enter()

    worker.know(body)
    body.start()
    worker.step()
    assert (Workflow.objects.get().status, Workflow.objects.get().crashes) == ("COMPLETED", 0)
    assert Entry.objects.count() == 1


def test_step_that_ends_the_transaction_is_charged_at_once(worker):
    @step
    def meddle() -> None:
        raw = connection.connection
        raw.execute("ROLLBACK")
        raw.execute("BEGIN")

    @workflow
    def body() -> None:
        meddle()

    worker.know(body)
    body.start()
    worker.step()
    failed = Workflow.objects.get()
    assert (failed.status, failed.crashes, failed.error["type"].split(":")[-1]) == ("FAILED", 0, "NotAllowed")


def test_compensation_is_not_charged_with_what_a_step_was_suspected_of(worker, run_until):
    """The step that ended the transaction was not seen at first: the one behind it was, where the undoing begins in the end."""

    @step
    def enter() -> None:
        Entry.objects.create(name="undone once")

    @enter.compensation
    def leave(result: None) -> None:
        Entry.objects.filter(name="undone once").delete()

    @step
    def meddle() -> None:
        connection.connection.pgconn.exec_(b"ROLLBACK; BEGIN")

    @step
    def notice() -> None:
        connection.connection.execute("SELECT 1")

    @workflow
    def body() -> None:
        enter()
        meddle()
        notice()

    worker.know(body)
    worker.agenda.pacing.probation_left = 0
    body.start()
    run_until(lambda: Workflow.objects.get().status in ("COMPENSATED", "BLOCKED"))
    assert (Workflow.objects.get().status, Entry.objects.count()) == ("COMPENSATED", 0)
    assert Workflow.objects.get().error["message"].startswith("Step test_fresh_workers.meddle ended")


def test_try_of_a_dead_worker_comes_back(worker, run_until):
    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    queues.choose_one(worker.engine.known, worker.engine.worker_id)
    run_until(lambda: Workflow.objects.get().is_finished)
    assert Workflow.objects.get().crashes == 0
