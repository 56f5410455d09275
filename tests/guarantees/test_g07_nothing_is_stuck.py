"""G7: what a dead worker ran is taken up by a live one, without a coordinator."""

import os
import signal
import time

import pytest

from pgworkflows import sleep, step, wait_for_event, workflow
from pgworkflows.models import History, Workflow
from pgworkflows.presentation.waits import in_words
from tests.ledger.models import Entry
from tests.ledger.workflows import held_call, held_entry, tell
from tests.workers import rows, until

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 2.0


def held() -> list[int]:
    told = Entry.objects.filter(name__contains=": held by ").order_by("id")
    return [int(name.split()[-1]) for name in told.values_list("name", flat=True)]


def direct_workers() -> int:
    return rows("SELECT count(*) FROM pgworkflows_worker WHERE direct AND stopped_at IS NULL")[0][0]


def killed_while_held(fleet, started) -> tuple[float, int]:
    """Kill the worker that is in the step; return how long it took until another was in it, and which."""
    before = len(held())
    workers = {process.pid: process for process in fleet}
    victim = held()[-1]
    os.kill(victim, signal.SIGKILL)
    began = time.monotonic()
    workers[victim].wait()
    until(lambda: len(held()) > before, "another worker is in the step", 10)
    return time.monotonic() - began, held()[-1]


@pytest.mark.parametrize("body", [held_call, held_entry])
def test_another_worker_takes_it_up_in_two_seconds(fleet, body):
    workers = [fleet.worker() for _ in range(4)]
    until(lambda: direct_workers() == 4, "four workers are there")
    started = body.start("x")
    until(held, "one of them is in the step")
    took = []
    # A busy machine may be late once; three times it would be the worker's own doing.
    while len(took) < 3 and (not took or min(took) > SOON):
        seconds, last = killed_while_held(workers, started)
        took.append(seconds)
    tell(f"x: let go {last}")
    started.wait(10)
    assert min(took) <= SOON
    assert Entry.objects.filter(name="x").count() == (body is held_entry)


def test_a_stopped_worker_loses_it_after_its_lease(fleet):
    fleet.settings = {"LEASE": 1.5, "HEARTBEAT": 0.2}
    started = held_call.start("x")
    stopped = fleet.worker()
    until(held, "it is in the step")
    os.kill(stopped.pid, signal.SIGSTOP)
    fleet.worker()
    until(lambda: len(held()) == 2, "another worker is in the step", 10)
    tell(f"x: let go {held()[-1]}")
    assert started.wait(10) == held()[-1] != stopped.pid
    told = History.objects.filter(workflow=started.pk, event="requeue").get()
    assert told.from_status == "RUNNING"
    assert "is gone" in told.note


def test_everything_unfinished_says_what_it_waits_for(pgworkflows):
    @step
    def broken() -> None:
        raise RuntimeError("no")

    @broken.compensation
    def never(result: None) -> None: ...

    @step
    def fine() -> None: ...

    @fine.compensation
    def fails(result: None) -> None:
        raise OSError("down")

    @workflow
    def sleeping() -> None:
        sleep(60)

    @workflow
    def listening() -> None:
        wait_for_event("go", correlation="c")

    @workflow
    def blocking() -> None:
        fine()
        broken()

    for body in (sleeping, listening, blocking):
        body.start()
    pgworkflows.run_workflows()
    left = {row.name: in_words(row) for row in Workflow.objects.unfinished()}
    assert len(left) == 3
    assert all(left.values())
    assert any("the event “go” under “c”" in what for what in left.values())
    assert any("a person" in what for what in left.values())
