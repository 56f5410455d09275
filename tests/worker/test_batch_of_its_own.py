"""`@workflow(batch=False)` never shares a transaction, also after an outside call."""

from django.db import connection

from pgworkflows import step, workflow
from pgworkflows.models import Workflow


def transaction_id() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return cursor.fetchone()[0]


def test_results_of_unshared_workflows_come_back_alone(worker, run_until):
    @step(atomic=False)
    def outside() -> None: ...

    @step
    def inside() -> str:
        return transaction_id()

    @workflow(batch=False)
    def body() -> str:
        outside()
        return inside()

    worker.know(body)
    started = body.start_many([{}] * 6)
    run_until(lambda: not Workflow.objects.unfinished().exists())
    assert len({run.wait(1) for run in started}) == 6
