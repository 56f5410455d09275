"""G4: a worker that was stopped and taken for dead cannot commit anything when it comes back."""

import os
import signal

import pytest

from pgworkflows.models import Task, Workflow
from tests.ledger.models import Entry
from tests.ledger.workflows import held_call, held_entry, quick, tell
from tests.workers import until

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = 1.5


def held_by_another(*pids: int) -> int:
    """Wait until a process other than these is in the step, and return which."""

    def others() -> list[int]:
        told = Entry.objects.filter(name__contains=": held by ").values_list("name", flat=True)
        return [int(name.split()[-1]) for name in told if int(name.split()[-1]) not in pids]

    return until(others, "another process is in the step")[0]


def let_go(process: int) -> None:
    tell(f"x: let go {process}")


@pytest.fixture
def zombie(fleet):
    """Start one worker, and one more that knows another queue besides, which is stopped in the middle of a step."""
    fleet.settings = {"LEASE": LEASE, "HEARTBEAT": 0.2}

    def stopped(workflow):
        started = workflow.using(queue="first").start("x")
        process = fleet.worker(queues=["first", "its own"])
        assert held_by_another() == process.pid
        os.kill(process.pid, signal.SIGSTOP)
        fleet.worker(queues=["first"])
        return started, process

    return stopped


def test_a_late_result_changes_nothing(zombie):
    started, late = zombie(held_call)
    other = held_by_another(late.pid)
    before = Workflow.objects.values().get()
    let_go(late.pid)
    os.kill(late.pid, signal.SIGCONT)
    until(lambda: Entry.objects.filter(name=f"x: returned by {late.pid}").exists(), "the late call has returned")
    for number in range(3):
        quick.using(queue="its own").start(f"probe {number}").wait(20)  # results come first in a worker's loop
    assert Workflow.objects.filter(pk=started.pk).values().get() == before
    assert Task.objects.get(workflow=started.pk).status == "RUNNING"
    let_go(other)
    assert started.wait(20) == other
    assert Task.objects.get(workflow=started.pk).attempt == 1


def test_the_server_ends_a_stopped_transaction(zombie):
    started, late = zombie(held_entry)
    other = held_by_another(late.pid)
    let_go(late.pid)
    os.kill(late.pid, signal.SIGCONT)
    let_go(other)
    started.wait(20)
    assert Entry.objects.filter(name="x").count() == 1
    assert Task.objects.filter(workflow=started.pk, status="COMPLETED").count() == 1
