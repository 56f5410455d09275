"""A workflow that a worker hung in costs no second one."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pgworkflows import step, workflow
from pgworkflows.execution.agenda import Takes
from pgworkflows.models import Event, Workflow
from pgworkflows.store import events
from pgworkflows.worker import watchdog
from pgworkflows.worker.watchdog import Watchdog
from tests.ledger.models import Entry
from tests.ledger.workflows import quick


@step
def enter() -> None:
    Entry.objects.create(name="entered")


@pytest.mark.parametrize("probation", [0, 1])
def test_what_one_worker_hung_in_is_tried_apart(worker, probation):
    @workflow
    def body() -> None:
        enter()

    worker.know(body)
    events.report_hang(body.start().pk, "a worker that hung")
    worker.agenda.takes, worker.agenda.pacing.probation_left = Takes.QUEUE, probation
    worker.step()
    assert (Workflow.objects.get().status, Workflow.objects.get().crashes) == ("PENDING", 2)
    assert Entry.objects.count() == 0
    Workflow.objects.update(available_at=Workflow.objects.get().created_at)
    worker.agenda.takes = Takes.SUSPECTS
    worker.step()
    assert (Workflow.objects.get().status, Workflow.objects.get().crashes) == ("COMPLETED", 0)


def test_word_of_it_is_left_once_it_looked_silent_twice(worker, monkeypatch):
    """The row is still locked then: a mark on it would come when others have it already."""
    row = quick.start("x")
    monkeypatch.setattr(watchdog.os, "_exit", lambda status: None)
    silent = SimpleNamespace(last_activity=0.0, transaction="")
    watching = Watchdog(replace(worker.engine, transaction=silent, running=row.pk), worker.heartbeat, worker.heartbeat.ended)
    watching.end_if_hanging()
    assert Event.objects.count() == 0
    watching.end_if_hanging()
    assert Event.objects.get().name == "$hanging"
