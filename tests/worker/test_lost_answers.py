"""A COMMIT that went through although its answer was lost."""

import psycopg
import pytest

from pgworkflows import step, workflow
from pgworkflows.execution import batch
from pgworkflows.models import History, Workflow


def test_outside_call_is_made_after_a_lost_answer(worker, run_until, monkeypatch):
    calls = []

    @step(atomic=False)
    def outside() -> str:
        calls.append(1)
        return "made"

    @workflow
    def body() -> str:
        return outside()

    worker.know(body)
    started = body.start()
    original = batch._after_commit

    def lose_the_answer(*args):
        monkeypatch.setattr(batch, "_after_commit", original)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(batch, "_after_commit", lose_the_answer)
    with pytest.raises(psycopg.OperationalError):
        worker.step()
    assert Workflow.objects.get().status == Workflow.Status.RUNNING
    worker.agenda.unsure = True
    run_until(lambda: Workflow.objects.get().is_finished)
    assert started.wait(1) == "made"
    assert calls == [1]
    assert History.objects.filter(workflow=started.pk, note="the answer to a COMMIT was lost").count() == 1
