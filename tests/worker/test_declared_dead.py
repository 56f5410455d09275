"""A worker that was stopped for so long that the others took it for dead."""

from pgworkflows import step, workflow
from pgworkflows.models import Worker, Workflow
from pgworkflows.store import workers


def test_claim_made_before_it_noticed_is_not_lost(worker, run_until):
    @step(atomic=False)
    def outside() -> str:
        return "made"

    @workflow
    def body() -> str:
        return outside()

    worker.know(body)
    started = body.start()
    dead = workers.register("taken for dead", queues=[], definitions=[], direct=False, lease=30)
    workers.stop(dead)
    worker.engine.worker_id = dead
    worker.step()
    run_until(lambda: Workflow.objects.get().is_finished)
    assert (started.wait(1), Worker.objects.filter(stopped_at=None, pk=dead).exists()) == ("made", False)
