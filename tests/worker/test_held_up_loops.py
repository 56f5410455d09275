"""An `async def` step that blocks holds up neither the calls that begin after it nor the attempts of those before it."""

import asyncio
import threading
from collections import Counter

import pytest

from pgworkflows import step, workflow
from pgworkflows.models import Task, Workflow


@pytest.fixture
def gate():
    """Give what a step begins to wait for, and whether it has."""
    begun, released = threading.Event(), threading.Event()
    yield begun, released
    released.set()


def test_others_go_on_while_a_step_blocks_the_loop(worker, run_until, gate):
    begun, released = gate

    @step(atomic=False, name="blocks")
    async def blocks() -> None:
        begun.set()
        released.wait(30)

    @step(atomic=False, name="answers")
    async def answers() -> int:
        return 1

    @workflow
    def first() -> None:
        blocks()

    @workflow
    def second() -> int:
        return answers()

    for definition in (first, second):
        worker.know(definition)
    holder = first.start()
    run_until(begun.is_set)
    second.start_many([{}] * 20)
    run_until(lambda: Workflow.objects.filter(name=second.name, status="COMPLETED").count() == 20)
    assert not released.is_set()
    assert Task.objects.filter(name="answers", attempt=1).count() == 20
    released.set()
    run_until(lambda: Workflow.objects.get(pk=holder.pk).status == "COMPLETED")


def test_who_blocks_the_loop_is_charged_and_nobody_else(worker, run_until, gate):
    begun, released = gate
    calls, waits = Counter[str](), threading.Event()

    @step(atomic=False, name="blocks", timeout=1)
    async def blocks() -> None:
        begun.set()
        released.wait(30)

    @step(atomic=False, name="waits", timeout=1)
    async def waits_a_little() -> int:
        calls["waits"] += 1
        if calls["waits"] == 1:
            waits.set()
            await asyncio.sleep(0.5)
            await asyncio.sleep(0.4)
        return calls["waits"]

    @workflow
    def first() -> None:
        blocks()

    @workflow
    def second() -> int:
        return waits_a_little()

    for definition in (first, second):
        worker.know(definition)
    neighbour = second.start()
    run_until(waits.is_set)
    holder = first.start()
    run_until(lambda: not Workflow.objects.filter(finished_at=None).exists())
    assert not released.is_set()
    failed = Workflow.objects.get(pk=holder.pk)
    assert failed.status == "FAILED"
    assert "step blocks took longer than 1.0 s, and held up the event loop" in failed.error["message"]
    assert neighbour.wait(0) == 2
    assert Task.objects.get(name="waits").attempt == 1


def test_step_that_blocks_from_a_task_of_its_own_is_found(worker, run_until, gate):
    begun, released = gate

    @step(atomic=False, name="blocks", timeout=1)
    async def blocks() -> None:
        async def part() -> None:
            begun.set()
            released.wait(30)

        await asyncio.gather(part())

    @workflow
    def body() -> None:
        blocks()

    worker.know(body)
    holder = body.start()
    run_until(lambda: Workflow.objects.get(pk=holder.pk).is_finished)
    assert not released.is_set()
    assert "step blocks took longer than 1.0 s, and held up the event loop" in Workflow.objects.get(pk=holder.pk).error["message"]


def test_long_farewell_of_a_step_that_timed_out_is_its_own(worker, run_until):
    calls = []

    @step(atomic=False, name="lingers", timeout=0.1)
    async def lingers() -> None:
        calls.append(1)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(1.2)

    @workflow
    def body() -> None:
        lingers()

    worker.know(body)
    row = body.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).is_finished)
    assert Workflow.objects.get(pk=row.pk).error["message"] == "Timed out: step lingers took longer than 0.1 s."
    assert len(calls) == 1
