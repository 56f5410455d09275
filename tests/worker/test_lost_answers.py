"""A COMMIT that went through although its answer was lost."""

import psycopg
import pytest

from pgworkflows import step, workflow
from pgworkflows.execution import batch
from pgworkflows.models import History, Workflow
from pgworkflows.worker.options import WorkerOptions
from pgworkflows.worker.process import Worker


@pytest.fixture
def worker(transactional_db):
    """Give a worker in this process, whose steps the test does."""
    made = Worker(WorkerOptions(name="test:lost-answers"))
    made._begin()
    yield made
    made._end()


def run_until_finished(worker, started):
    while not Workflow.objects.get(pk=started.pk).is_finished:
        if not worker.step():
            worker.wake.wait(1)
            worker.wake.clear()


def test_outside_call_is_made_after_a_lost_answer(worker, monkeypatch):
    calls = []

    @step(atomic=False)
    def outside() -> str:
        calls.append(1)
        return "made"

    @workflow
    def body() -> str:
        return outside()

    worker.engine.known.names.append(body.name)
    worker.engine.known.versions.append(1)
    started = body.start()
    original = batch._after_commit

    def lose_the_answer(*args):
        monkeypatch.setattr(batch, "_after_commit", original)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(batch, "_after_commit", lose_the_answer)
    with pytest.raises(psycopg.OperationalError):
        worker.step()
    assert Workflow.objects.get().status == Workflow.Status.RUNNING
    worker.unsure = True
    run_until_finished(worker, started)
    assert started.wait(1) == "made"
    assert calls == [1]
    assert History.objects.filter(workflow=started.pk, note="the answer to a COMMIT was lost").count() == 1
