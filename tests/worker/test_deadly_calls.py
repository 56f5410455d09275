"""An outside call that kills its worker every time."""

from pgworkflows import step, workflow
from pgworkflows.execution.outcome import MOST_CRASHES
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
            worker.engine.worker_id = workers.register("again", queues=[], definitions={}, direct=False, lease=30)
    assert len(died) == MOST_CRASHES
    started.refresh_from_db()
    assert f"Step deadly of workflow {started.name} {started.pk} was tried 5 times in a row" in started.error["message"]
    assert "retry()" in started.error["message"]


def test_call_goes_on_after_deaths(worker, run_until):
    @step(atomic=False)
    def outside() -> str:
        return "made"

    @workflow
    def body() -> str:
        return outside()

    worker.know(body)
    started = body.start()
    Workflow.objects.update(crashes=3)
    run_until(lambda: Workflow.objects.get().is_finished)
    assert started.wait(1) == "made"
    assert Workflow.objects.get().crashes == 0
