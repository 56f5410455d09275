"""A child started just before an atomic step, where deferred constraints are checked after each step."""

import pytest

from pgworkflows import step, workflow
from pgworkflows.execution.batch import run_batch
from pgworkflows.execution.engine import Engine, known_definitions
from pgworkflows.models import Workflow
from pgworkflows.store import claims, workers
from tests.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_its_unwritten_task_is_not_charged_to_the_step():
    @step
    def enter() -> None:
        Entry.objects.create(name="kept")

    @workflow
    def child() -> None: ...

    @workflow
    def parent() -> None:
        child.start()
        enter()

    started = parent.start()
    worker = workers.register("test", queues=[], definitions={}, direct=False, lease=30)
    engine = Engine(worker_id=worker, name="test", known=known_definitions(), batch_seconds=60)
    run_batch(engine, lambda execute: claims.claim_these(execute, [started.pk]), alone=True)
    assert (Workflow.objects.get(pk=started.pk).status, Entry.objects.count()) == ("COMPLETED", 1)
