"""Workers that are told to stop, and steps that never end."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from pgworkflows.models import Task, Workflow
from tests.ledger.models import Entry
from tests.ledger.workflows import (
    hanging,
    hanging_hook,
    hanging_once,
    hanging_receiver,
    held_call,
    held_calls,
    overrunning_call,
    quick,
    slow_call,
    tell,
)
from tests.workers import OTHER_SESSIONS, children, rows, until, until_all

pytestmark = pytest.mark.django_db(transaction=True)


def held_by() -> int:
    """Wait until a worker is in the held step; return which."""
    entry = until(lambda: Entry.objects.filter(name__contains=": held by ").last(), "it is in the step")
    return int(entry.name.split()[-1])


def test_a_step_over_its_time_is_charged_and_its_process_replaced(fleet, effects):
    hanging.start()
    supervisor = fleet.runworkflows(stdout=subprocess.PIPE)
    (first,) = until(lambda: children(supervisor), "a worker has begun")
    quick.start("neighbour")
    until(lambda: Workflow.objects.filter(status="FAILED").exists(), "the step has failed")
    until(lambda: Workflow.objects.filter(status="COMPLETED").exists(), "its neighbour has not")
    task, row = Task.objects.get(name="ledger.hang"), Workflow.objects.get(status="FAILED")
    assert (task.status, task.attempt) == ("FAILED", 1)
    assert "took longer than 0.5 s" in row.error["message"]
    assert effects() == {"before it hangs": 1, "neighbour": 1}
    assert first not in children(supervisor)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert b"ended by a step that overran its time" in supervisor.stdout.read()


def test_its_retry_gets_another_attempt(fleet, effects):
    hanging_once.start("h")
    fleet.runworkflows()
    until_all("COMPLETED")
    assert Task.objects.get(name="ledger.hang_once").attempt == 2
    assert effects() == {"h: tried": 1, "h": 1}


def test_the_first_signal_finishes_what_runs(fleet):
    started = held_call.start("x")
    supervisor = fleet.runworkflows("--processes", "2")
    worker = held_by()
    supervisor.send_signal(signal.SIGTERM)
    until(lambda: children(supervisor) == [worker], "the idle worker has ended")
    quick.start("too late")
    tell(f"x: let go {worker}")
    assert supervisor.wait(20) == 0
    assert started.wait(0) == worker
    assert Workflow.objects.get(name="ledger.quick").status == "PENDING"


@pytest.mark.direct
def test_the_second_signal_stops_at_once_and_loses_nothing(fleet):
    started = held_call.start("x")
    supervisor = fleet.runworkflows(stdout=subprocess.PIPE)
    stopped = held_by()
    supervisor.send_signal(signal.SIGINT)
    assert b"once more stops at once" in next(line for line in supervisor.stdout if b"Finishing" in line)
    began = time.monotonic()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(10) == 1
    assert time.monotonic() - began < 5
    assert Workflow.objects.get().status == "RUNNING"
    fleet.worker()
    other = until(lambda: held_by() != stopped and held_by(), "another worker is in the step")
    tell(f"x: let go {other}")
    assert started.wait(20) == other


@pytest.mark.parametrize("processes", [1, 2])
def test_worker_that_somebody_else_told_to_end_is_replaced(fleet, processes):
    supervisor = fleet.runworkflows("--processes", str(processes))
    before = until(lambda: len(found := children(supervisor)) == processes and found, "the workers are there")
    quick.start("before")
    until_all("COMPLETED")
    os.kill(before[0], signal.SIGTERM)
    until(lambda: before[0] not in (now := children(supervisor)) and len(now) == processes, "it is replaced")
    quick.start("after")
    until_all("COMPLETED")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0


def test_worker_whose_supervisor_died_while_it_was_loading_ends(fleet):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert fleet.worker(supervisor=gone.pid).wait(20) == 0


@pytest.fixture
def refused():
    """Have the database refuse whoever comes, and end the sessions of who is there."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])

    def refuse():
        rows(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        rows(f"SELECT pg_terminate_backend(pid) {OTHER_SESSIONS}")

    yield refuse
    rows(f"ALTER DATABASE {name} CONNECTION LIMIT -1")


@pytest.mark.direct
def test_stopping_worker_waits_a_lease_for_its_database(fleet, refused):
    fleet.settings = {"LEASE": 1.5}
    held_call.start("x")
    worker = fleet.worker()
    until(lambda: held_by() == worker.pid, "it is in the call")
    worker.send_signal(signal.SIGTERM)
    refused()
    assert worker.wait(20) == 1


def test_stopping_worker_begins_no_outside_attempt(fleet):
    started = held_calls.start("x")
    worker = fleet.worker()
    until(lambda: held_by() == worker.pid, "it is in the first call")
    worker.send_signal(signal.SIGTERM)
    tell(f"x/1: let go {worker.pid}")
    assert worker.wait(20) == 0
    assert Workflow.objects.get().status == "PENDING"
    assert [(t.status, t.attempt) for t in Task.objects.filter(workflow=started)] == [("COMPLETED", 1)]


def test_hook_or_receiver_that_hangs_costs_a_lease_and_what_was_in_flight_ends(fleet):
    fleet.settings = {"LEASE": 1.5}
    slow_call.start_many([{"name": f"n{n}"} for n in range(4)])
    fleet.runworkflows(stdout=subprocess.DEVNULL)
    until(lambda: Workflow.objects.filter(status="RUNNING").count() == 4, "the calls are in flight")
    hanging_hook.start("h")
    hanging_receiver.start("r")
    until_all("COMPLETED", 60)
    assert sorted(Entry.objects.filter(name__in=["h", "r"]).values_list("name", flat=True)) == ["h", "r"]


def test_call_that_overran_stops_nobody_and_its_process_is_replaced(fleet):
    held_call.start("x")
    supervisor = fleet.runworkflows("--concurrency", "3", stdout=subprocess.DEVNULL)
    first = held_by()
    overrunning_call.start_many([{}, {}])
    until(lambda: Workflow.objects.filter(status="FAILED").count() == 2, "both have failed")
    quick.start("q")
    until(lambda: Workflow.objects.filter(status="COMPLETED").count() == 1, "work goes on, with the long call in hand")
    until(lambda: len(children(supervisor)) == 2, "another process has begun")
    tell(f"x: let go {first}")
    until(lambda: len(now := children(supervisor)) == 1 and first not in now, "the one with the lost threads has ended")
    until(lambda: Workflow.objects.filter(status="COMPLETED").count() == 2, "its long call was recorded")
    assert Entry.objects.filter(name__contains="held by").count() == 1
