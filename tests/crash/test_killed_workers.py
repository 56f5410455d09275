"""Workers that die without a word, again and again."""

import os
import random
import signal
import subprocess
import time

import pytest

from pgworkflows.models import Task, Workflow
from pgworkflows.worker.options import WorkerOptions
from pgworkflows.worker.supervisor import Child, Supervisor
from tests.ledger.models import Entry
from tests.ledger.workflows import chain, held_call, held_entry, poison, quick, tell
from tests.workers import children, rows, until, until_all

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 100


def kill_one_now_and_then(supervisor: subprocess.Popen[bytes], seconds: float) -> int:
    """Kill a worker every half a second, until the supervisor has ended or the time is up; return how many."""
    killed, end = 0, time.monotonic() + seconds
    while supervisor.poll() is None and time.monotonic() < end:
        time.sleep(0.5)
        alive = children(supervisor)
        if alive:
            os.kill(random.choice(alive), signal.SIGKILL)
            killed += 1
    return killed


def test_atomic_effects_happen_once_whoever_dies(fleet, effects):
    chain.start_many([{"name": f"c{n}"} for n in range(MANY)])
    supervisor = fleet.runworkflows("--processes", "2", "--concurrency", "8")
    until(lambda: Task.objects.exists(), "the first step is on record")
    assert kill_one_now_and_then(supervisor, 8) >= 3
    until_all("COMPLETED", 60)
    counted = effects()
    for n in range(MANY):
        assert [counted[f"c{n}/{place}"] for place in (1, 3, 4, 6)] == [1, 1, 1, 1]
        assert counted[f"c{n}/2: called"] >= 1
    assert Task.objects.filter(status="COMPLETED").count() == Task.objects.count() == 6 * MANY
    assert not rows("SELECT FROM pgworkflows_workflow WHERE owner_id IS NOT NULL OR available_at IS NOT NULL")


def test_a_drain_ends_with_status_0_though_workers_die(fleet, effects):
    chain.start_many([{"name": f"c{n}"} for n in range(20)])
    supervisor = fleet.runworkflows("--processes", "2", "--drain", stdout=subprocess.PIPE)
    until(lambda: children(supervisor), "workers have begun")
    kill_one_now_and_then(supervisor, 2)
    assert supervisor.wait(60) == 0
    assert Workflow.objects.filter(status="COMPLETED").count() == 20
    assert all(effects()[f"c{n}/6"] == 1 for n in range(20))


def test_a_replacement_inherits_what_was_not_taken_over():
    supervisor = Supervisor(WorkerOptions(name=""), processes=1, reload=False, say=lambda _: None)
    for counts in ({}, {"batches": 0}):  # what it reports once it is registered
        dead = Child(process=None, options=WorkerOptions(name="two", predecessors=["one"]), pipe=-1, counts=counts)
        supervisor._replace(dead, -signal.SIGKILL)
    assert [options.predecessors for _, options in supervisor._due] == [["one", "two"], ["two"]]


def test_a_replacement_is_on_probation_for_twice_as_long():
    supervisor = Supervisor(WorkerOptions(name=""), processes=1, reload=False, say=lambda _: None)
    supervisor._replace(Child(process=None, options=WorkerOptions(name="one", probation=12), pipe=-1), -signal.SIGKILL)
    assert [options.probation for _, options in supervisor._due] == [24]


def test_a_step_that_kills_its_worker_is_blocked_after_five(fleet, effects):
    poison.start()
    quick.start_many([{"name": f"q{n}"} for n in range(10)])
    deaths = 0
    while not Workflow.objects.blocked().exists():
        assert deaths <= 15, "it was tried more often than that"
        worker = fleet.worker()
        until(lambda one=worker: one.poll() is not None or Workflow.objects.blocked().exists(), "it has died or given up")
        deaths += worker.poll() == -signal.SIGKILL
    until(lambda: Workflow.objects.filter(status="COMPLETED").count() == 10, "the others complete")
    row = Workflow.objects.get(name="ledger.poison")
    assert f"Step ledger.kill_worker of workflow ledger.poison {row.pk} was tried 5 times in a row" in row.error["message"]
    assert 4 <= deaths <= 10  # some may die in a batch of several, where nobody is to blame yet
    assert effects()["before the poison"] == 1


def test_workers_end_when_their_supervisor_is_killed(fleet):
    supervisor = fleet.runworkflows("--processes", "2")
    orphans = until(lambda: len(children(supervisor)) == 2 and children(supervisor), "two workers have begun")
    until(lambda: rows("SELECT count(*) FROM pgworkflows_worker")[0][0] == 2, "both are registered")
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    until(lambda: not any(alive(pid) for pid in orphans), "both have ended", 10)
    assert not rows("SELECT FROM pgworkflows_worker WHERE stopped_at IS NULL")


def alive(pid: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")


@pytest.mark.direct
@pytest.mark.parametrize("body", [held_call, held_entry])
def test_lost_sessions_are_opened_again(fleet, body):
    """Two cuts in mid-run: nothing is done twice, and the process lives on."""
    worker = fleet.worker()
    held = body.start("x")
    until(lambda: Entry.objects.filter(name__contains=": held by ").exists(), "it is in the step")
    quick.start_many([{"name": f"q{n}"} for n in range(20)])
    for _ in range(2):
        cut = rows(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        assert cut[0][0] >= 1
        time.sleep(0.3)
    tell(f"x: let go {worker.pid}")
    until_all("COMPLETED")
    assert worker.poll() is None
    assert Entry.objects.filter(name__startswith="q").count() == 20
    assert Entry.objects.filter(name="x").count() == (body is held_entry)
    if body is held_call:
        assert held.wait(1) == worker.pid
        assert Task.objects.get(workflow=held.pk).attempt == 1
