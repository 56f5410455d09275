"""An outside call that kills its worker every time."""

from pgworkflows import step, workflow
from pgworkflows.execution.run import MOST_CRASHES
from pgworkflows.models import Workflow
from pgworkflows.store import workers


def test_deadly_outside_call_is_blocked(worker, monkeypatch):
    @step(atomic=False, name="deadly")
    def deadly() -> None: ...

    @workflow
    def body() -> None:
        deadly()

    died = []
    monkeypatch.setattr(worker.pool, "submit", died.append)
    worker.know(body)
    started = body.start()
    while Workflow.objects.get().status != Workflow.Status.BLOCKED:
        before = len(died)
        while len(died) == before and worker.step():
            pass
        if len(died) > before:
            workers.take_over(worker.engine.worker_id, by="test")
            worker.engine.worker_id = workers.register("again", queues=[], definitions=[], direct=False, lease=30)
    assert len(died) == MOST_CRASHES
    started.refresh_from_db()
    assert started.error["message"] == "10 workers in a row died while running step deadly of this workflow."
