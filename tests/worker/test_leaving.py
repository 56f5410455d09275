"""A worker that ends in good order owns nothing any more."""

import threading

from pgworkflows import step, workflow
from pgworkflows.models import Worker, Workflow


def test_leaving_worker_gives_up_its_claims(worker, monkeypatch):
    @step(atomic=False)
    def outside() -> None: ...

    @workflow
    def body() -> None:
        outside()

    monkeypatch.setattr(worker.pool, "submit", lambda call: None)
    worker.know(body)
    body.start()
    worker.step()
    assert Workflow.objects.get().status == Workflow.Status.RUNNING
    worker._end()
    left = Workflow.objects.get()
    assert (left.status, left.owner, left.available_at is not None) == (Workflow.Status.PENDING, None, True)
    assert not Worker.objects.running().exists()


def test_signal_while_the_worker_holds_its_own_event_stops_it(worker):
    def hear() -> None:
        with worker.wake._cond:
            worker.stop()

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    hearing.join(10)
    assert not hearing.is_alive()
    assert worker.wake.wait(10)
