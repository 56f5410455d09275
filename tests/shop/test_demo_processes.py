"""No process outlives the demo, however the demo ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo_shop.demonstration.processes import CHECKOUT, Child, ProcessDied, Processes

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(300)"]
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(300)
"""
PARENT = """
import sys, time
from pathlib import Path
from demo_shop.demonstration.processes import Processes
with Processes(logs=Path(sys.argv[1])) as processes:
    print(processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(300)"]).process.pid, flush=True)
    time.sleep(300)
"""


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def test_leaving_ends_every_process(tmp_path):
    with Processes(logs=tmp_path) as processes:
        children = [processes.start(f"sleeper {number}", SLEEPER) for number in range(2)]
    assert [child.process.poll() for child in children] == [-signal.SIGTERM, -signal.SIGTERM]


def fail_with_a_child(logs: Path, started: list[Child]) -> None:
    with Processes(logs=logs) as processes:
        started.append(processes.start("sleeper", SLEEPER))
        raise RuntimeError


def test_error_inside_ends_every_process(tmp_path):
    started: list[Child] = []
    with pytest.raises(RuntimeError):
        fail_with_a_child(tmp_path, started)
    assert started[0].process.poll() is not None


def test_deaf_process_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("demo_shop.demonstration.processes.PATIENCE", 0.2)
    with Processes(logs=tmp_path) as processes:
        child = processes.start("deaf", [sys.executable, "-c", DEAF], stdout=subprocess.PIPE)
        child.process.stdout.readline()
    assert child.process.poll() == -signal.SIGKILL


def test_killed_demo_leaves_nothing(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "logs of it")], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as demo:
        sleeper = int(demo.stdout.readline())
        demo.kill()
    wait_until_gone(sleeper)


def test_failed_process_is_named(tmp_path):
    with Processes(logs=tmp_path) as processes:
        child = processes.start("web server", [sys.executable, "-c", "raise SystemExit('no such port')"])
        child.process.wait()
        with pytest.raises(ProcessDied, match="The web server ended with status 1: no such port"):
            child.check()
