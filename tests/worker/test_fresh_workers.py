"""Many workers that have just begun, and few workflows."""

from typing import Any

from django.db import connection

from pgworkflows import step, workflow
from pgworkflows.models import Workflow
from pgworkflows.store import queues
from tests.ledger.models import Entry


def test_one_try_is_counted_once(worker):
    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    assert queues.choose_one(worker.engine.known) is not None
    assert [queues.choose_one(worker.engine.known) for _ in range(3)] == [None] * 3
    assert Workflow.objects.get().crashes == 2


def test_what_another_worker_took_meanwhile_was_no_try(worker, monkeypatch):
    @workflow
    def body() -> None: ...

    worker.know(body)
    row = body.start()
    run_held, taken = worker.agenda._run_held, []

    def run_too_late(*held: Any) -> Any:
        Workflow.objects.update(available_at=row.created_at)
        taken.append(queues.choose_one(worker.engine.known, suspects=True))
        assert Workflow.objects.get().crashes == 3
        return run_held(*held)

    monkeypatch.setattr(worker.agenda, "_run_held", run_too_late)
    worker.agenda._try_one()
    assert Workflow.objects.get().crashes == 2
    assert run_held(*taken[0], True).claimed == 1


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


def test_try_of_a_dead_worker_comes_back(worker, run_until):
    @workflow
    def body() -> None: ...

    worker.know(body)
    body.start()
    queues.choose_one(worker.engine.known)
    run_until(lambda: Workflow.objects.get().is_finished)
    assert Workflow.objects.get().crashes == 0
