"""A worker that asked for a successor is replaced once, however it ends."""

import os
import subprocess
import sys

import pytest

from pgworkflows.worker.options import REPLACE_ME, WorkerOptions
from pgworkflows.worker.supervisor import Child, Supervisor

OPTIONS = WorkerOptions(name="one")


def child(supervisor, code):
    """Give the supervisor a process that ends by itself, and that has worked before."""
    process = subprocess.Popen([sys.executable, "-c", code])
    reading, writing = os.pipe()
    os.close(writing)
    made = Child(process, OPTIONS, reading, counts={"batches": 1})
    supervisor.children.append(made)
    return made


@pytest.fixture
def supervisor():
    return Supervisor(OPTIONS, processes=1, reload=False, say=lambda line: None)


@pytest.fixture
def ended(supervisor):
    made = child(supervisor, f"raise SystemExit({REPLACE_ME})")
    made.process.wait()
    return made


def test_one_that_overran_is_replaced(supervisor, ended):
    supervisor._reap()
    assert len(supervisor._due) == 1


def test_one_told_to_end_has_its_successor(supervisor, ended):
    ended.told = True
    supervisor._reap()
    assert supervisor._due == []


def test_one_that_ends_before_its_successor_works_gets_no_other(supervisor, ended):
    successor = child(supervisor, "import time; time.sleep(600)")
    successor.replaces = ended
    supervisor._reap()
    successor.process.kill()
    successor.process.wait()
    assert (supervisor._due, supervisor.children, successor.replaces) == ([], [successor], None)


def test_successor_that_cannot_begin_is_replaced_for_both(supervisor, ended):
    asking = child(supervisor, "import time; time.sleep(600)")
    ended.replaces = asking
    supervisor._reap()
    assert (len(supervisor._due), asking.told, asking.process.wait() != 0) == (1, True, True)
