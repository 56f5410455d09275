"""Outside steps on Dask and Ray, where these are installed; and what becomes of calls when parts of a cluster die."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import pytest
from django.test import override_settings

from pgworkflows.executors import dask, ray
from pgworkflows.models import Task, Workflow
from pgworkflows.worker import breaker, executors
from tests.ledger.models import Entry
from tests.ledger.workflows import call_and_wait
from tests.workers import ROOT, conninfo

MOST = 40


@pytest.fixture
def start():
    """Give a function that starts a process which sees the test's database; it is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "DATABASE_URL": conninfo(),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
            "PYTHONPATH": str(ROOT),
        }
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def all_completed() -> bool:
    return not Workflow.objects.exclude(status="COMPLETED").exists()


def test_dask_calls_survive_a_worker_and_the_scheduler(worker, run_until, start, port, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 1.0)
    address = f"tcp://127.0.0.1:{port}"

    def scheduler() -> subprocess.Popen[bytes]:
        return start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")

    def cluster_worker() -> subprocess.Popen[bytes]:
        return start("-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    first, workers = scheduler(), [cluster_worker(), cluster_worker()]
    with override_settings(PGWORKFLOWS={"EXECUTORS": {"default": (dask(address), 10)}}):
        call_and_wait.start_many([{"name": f"n{n}"} for n in range(MOST)])
        run_until(lambda: Entry.objects.count() > 5, seconds=60)
        workers[0].kill()
        run_until(lambda: Entry.objects.count() > 15, seconds=60)
        first.kill()
        first.wait()
        scheduler(), cluster_worker()
        run_until(all_completed, seconds=90)
    assert set(Task.objects.values_list("status", "attempt")) == {("COMPLETED", 1)}
    assert MOST <= Entry.objects.count() <= MOST + 20


def test_ray_calls_survive_the_death_of_a_process(worker, run_until, monkeypatch):
    package = pytest.importorskip("ray")
    monkeypatch.setenv("DATABASE_URL", conninfo())
    monkeypatch.setattr(executors, "LONGEST_SILENCE", 90.0)
    try:
        with override_settings(PGWORKFLOWS={"EXECUTORS": {"default": (ray("local"), 10)}}):
            call_and_wait.start_many([{"name": f"n{n}"} for n in range(MOST)])
            run_until(lambda: Entry.objects.count() > 5, seconds=120)
            os.kill(ray_processes()[0], signal.SIGKILL)
            run_until(all_completed, seconds=90)
    finally:
        package.shutdown()
    assert set(Task.objects.values_list("status", "attempt")) == {("COMPLETED", 1)}
    assert MOST <= Entry.objects.count() <= MOST + 1


def ray_processes() -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "ray::make_call" in line]
