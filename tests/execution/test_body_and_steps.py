"""A body's steps: recorded once, replayed from the record."""

from decimal import Decimal

from django.db import ProgrammingError, connection

from pgworkflows import StepFailed, current_step, current_workflow, step, workflow
from pgworkflows.models import History, Task, Workflow
from tests.ledger.models import Entry

Status = Workflow.Status


def add(name):
    return Entry.objects.create(name=name)


def test_steps_run_in_order_and_complete(pgworkflows):
    calls = []

    @step
    def first(x: int) -> int:
        calls.append("first")
        add(f"sku{x}")
        return x + 1

    @step
    def second(x: int) -> Decimal:
        calls.append("second")
        return Decimal(x) / 4

    @workflow
    def both(x: int) -> Decimal:
        return second(first(x))

    started = both.start(1)
    assert started.status == Status.PENDING
    summary = pgworkflows.run_workflows()
    assert summary.finished == 1
    assert calls == ["first", "second"]
    assert started.wait(1) == Decimal("0.5")
    assert Entry.objects.filter(name="sku1").count() == 1
    started.refresh_from_db()
    assert [t.status for t in started.tasks.order_by("seq")] == ["COMPLETED", "COMPLETED"]
    events = list(History.objects.filter(workflow=started.id).order_by("id").values_list("event", flat=True))
    assert events == ["start", "task_complete", "task_complete", "complete"]


def test_failed_step_undoes_its_rows_only(pgworkflows):
    @step
    def keep() -> None:
        add("kept")

    @step
    def lose() -> None:
        add("lost")
        raise ValueError("no", 7)

    @workflow
    def body() -> str:
        keep()
        try:
            lose()
        except ValueError as error:
            return f"caught {error.args}"
        return "not raised"

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(1) == "caught ('no', 7)"
    assert list(Entry.objects.values_list("name", flat=True)) == ["kept"]


def test_replay_raises_the_same_exception(pgworkflows):
    from pgworkflows import sleep

    seen = []

    class OddError(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a}-{b}")

    @step
    def lose() -> None:
        raise OddError(1, 2)

    @workflow
    def body() -> None:
        try:
            lose()
        except StepFailed as error:
            seen.append(str(error))
        sleep(60)

    body.start()
    pgworkflows.run_workflows()
    from datetime import timedelta

    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert Workflow.objects.get().status == Status.COMPLETED


def test_contexts_tell_who_one_is(pgworkflows):
    @step(atomic=False)
    def outside(x: int) -> str:
        return current_step().idempotency_key

    @workflow
    def body(x: int) -> list[str]:
        return [str(current_workflow().id), outside(x), str(current_workflow().kwargs["x"])]

    started = body.start(5)
    pgworkflows.run_workflows()
    result = started.wait(1)
    assert result[0] == str(started.id)
    assert result[2] == "5"
    assert len(result[1]) == 36
    assert Task.objects.get().attempt == 1


def test_syntax_error_fails_its_step_only(pgworkflows):
    @step
    def wrong() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELEC 1")

    @workflow
    def body() -> str:
        keep()
        try:
            wrong()
        except StepFailed as error:
            return error.type
        except ProgrammingError:
            return "ProgrammingError"

    @step
    def keep() -> None:
        add("kept")

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(1) == "ProgrammingError"
    assert Entry.objects.count() == 1
