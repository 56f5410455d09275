"""A worker that was stopped for so long that the others took it for dead."""

import time

from pgworkflows import step, workflow
from pgworkflows.models import Workflow
from pgworkflows.store import workers


def test_claim_made_before_it_noticed_is_not_lost(worker, run_until):
    dead = workers.register("taken for dead", queues=[], definitions={}, direct=False, lease=30)

    @step(atomic=False, timeout=10)
    def outside() -> str:
        while worker.engine.worker_id == dead:  # it notices while the call is in flight
            time.sleep(0.01)
        return "made"

    @workflow
    def body() -> str:
        return outside()

    worker.know(body)
    started = body.start()
    workers.stop(dead)
    worker.engine.worker_id = dead
    worker.step()
    run_until(lambda: Workflow.objects.get().is_finished)
    assert started.wait(1) == "made"
