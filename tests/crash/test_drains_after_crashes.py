"""A drain that begins while the claims of a worker that died are still its own."""

import os
import signal

import pytest

from pgworkflows.models import Workflow
from tests.ledger.models import Entry
from tests.ledger.workflows import held_call, tell
from tests.workers import until

pytestmark = pytest.mark.django_db(transaction=True)


def holders() -> set[int]:
    """List the processes that are or were in the held call."""
    return {
        int(name.rpartition(" ")[2]) for name in Entry.objects.filter(name__contains=": held by ").values_list("name", flat=True)
    }


@pytest.fixture
def holder(fleet):
    """Give a worker that is in an outside call; its death is found after four seconds."""
    fleet.settings = {"HEARTBEAT": 2}
    worker = fleet.worker()
    held_call.start("x")
    until(holders, "it is in the call", 60)
    return worker


def test_drain_waits_for_claims_of_the_dead(fleet, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    drain = fleet.runworkflows("--drain")
    successor = until(lambda: holders() - {holder.pid} or drain.poll() is not None, "the call is made again", 60)
    assert successor is not True, f"the drain ended with status {drain.poll()} and left it behind"
    tell(f"x: let go {successor.pop()}")
    assert drain.wait(60) == 0
    assert Workflow.objects.get().status == "COMPLETED"


def test_drain_leaves_claims_of_the_living(fleet, holder):
    assert fleet.runworkflows("--drain").wait(60) == 0
    assert Workflow.objects.get().status == "RUNNING"
    assert holders() == {holder.pid}
