"""Outside steps in processes of their own, and the death of these."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from pgworkflows.models import Task, Workflow
from tests.ledger.models import Entry
from tests.ledger.workflows import call_and_wait, call_that_ends_its_process, held_call, tell
from tests.workers import children, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fleet(fleet):
    fleet.settings = {"EXECUTORS": {"default": ["tests.ledger.executors.two_processes", 4]}}
    return fleet


def held_by() -> int:
    """Wait until a process is in the held step; return which."""
    entry = until(lambda: Entry.objects.filter(name__contains=": held by ").last(), "it is called", 60)
    return int(entry.name.split()[-1])


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def test_killed_processes_lose_their_own_call_alone(fleet):
    call_that_ends_its_process.start()
    call_and_wait.start_many([{"name": f"n{n}"} for n in range(110)])
    supervisor = fleet.runworkflows(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for made in (15, 50):
        until(lambda made=made: Entry.objects.count() > made, "calls are made", 60)
        worker = children(supervisor)[0]
        os.kill(until(lambda worker=worker: children(worker), "it has processes")[0], signal.SIGKILL)
    until(lambda: Workflow.objects.filter(status="COMPLETED").count() == 110, "the neighbours are done", 60)
    row = until(lambda: Workflow.objects.filter(status="BLOCKED").first(), "the deadly one is blocked", 60)
    assert set(Task.objects.values_list("attempt", flat=True)) == {1}
    assert f"Step ledger.end_process of workflow {row.name} {row.pk} was tried 5 times in a row" in row.error["message"]
    assert "ended by status 3 during the call" in row.error["message"]
    assert Entry.objects.filter(name="ends").count() == 5
    assert 110 <= Entry.objects.exclude(name="ends").count() <= 112


def test_processes_end_with_their_worker_and_its_calls_are_made_again(fleet):
    started = held_call.start("x")
    worker = fleet.worker()
    first = held_by()
    assert first != worker.pid
    worker.kill()
    until(lambda: not lives(first), "its process has ended")
    supervisor = fleet.runworkflows()
    second = until(lambda: (now := held_by()) != first and now, "it is called again", 90)
    os.killpg(supervisor.pid, signal.SIGTERM)  # everybody hears it, as under systemd
    tell(f"x: let go {second}")
    assert supervisor.wait(60) == 0
    assert started.wait(0) == second
    assert not lives(second)
    assert Task.objects.get().attempt == 1


def test_process_pool_of_the_standard_library_serves_too(fleet):
    fleet.settings = {"EXECUTORS": {"default": ["tests.ledger.executors.pool_of_one_s_own", 2]}}
    runs = call_and_wait.start_many([{"name": f"n{n}"} for n in range(4)])
    fleet.worker()
    until(lambda: Workflow.objects.filter(status="COMPLETED").count() == len(runs), "all are done", 60)
    assert Entry.objects.count() == len(runs)
