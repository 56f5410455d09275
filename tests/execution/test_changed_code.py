"""What happens to a workflow whose code changed under it."""

import sys
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pgworkflows import sleep, step, workflow
from pgworkflows.definitions.registry import registry
from pgworkflows.models import History, Workflow


@step(name="one")
def one() -> int:
    """Be the first."""
    return 1


@dataclass
class Receipt:
    number: int


@step(name="receipt")
def receipt() -> Receipt:
    """Return what a later version of the code has no class for."""
    return Receipt(7)


@step(name="two")
def two() -> int:
    """Be the second."""
    return 2


def original() -> str:
    one()
    sleep(60)
    one()
    return "original"


def other_step() -> str:
    two()
    sleep(60)
    return "other"


def missing_step() -> str:
    sleep(60)
    return "missing"


def extra_step() -> str:
    one()
    two()
    sleep(60)
    return "extra"


def ends_early() -> str:
    one()
    return "early"


def raises_early() -> str:
    one()
    raise ValueError("early")


CHANGES = {
    other_step: "position 1: recorded is STEP one, but the code now asks for STEP two",
    missing_step: "position 1: recorded is STEP one, but the code now asks for TIMER sleep",
    extra_step: "position 2: recorded is TIMER sleep, but the code now asks for STEP two",
    ends_early: "position 2: recorded is TIMER sleep, but the code now asks for the end of the body",
    raises_early: "position 2: recorded is TIMER sleep, but the code now asks for the exception ValueError('early')",
}


def deploy(body, version=1):
    """Put another body under the same name."""
    registry.workflows.pop(("tests.deployed", version), None)
    return workflow(name="tests.deployed", version=version)(body)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda f: f.__name__)
def test_changed_body_blocks_and_can_be_resumed(pgworkflows, changed):
    started = deploy(original).start()
    pgworkflows.run_workflows()
    deploy(changed)
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert started.error["message"] == (
        f"Workflow tests.deployed v1 {started.id} at {CHANGES[changed]}. "
        "Put the code back, or give the changed body a new version=, then call retry()."
    )
    deploy(original)
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(0) == "original"


def test_vanished_function_is_not_claimed(pgworkflows):
    started = deploy(original).start()
    del registry.workflows["tests.deployed", 1]
    assert pgworkflows.run_workflows().batches == 0
    started.refresh_from_db()
    assert started.status == "PENDING"


def test_versions_run_side_by_side(pgworkflows):
    old = deploy(original).start()
    pgworkflows.run_workflows()
    new = deploy(ends_early, version=2).start()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert (old.wait(0), new.wait(0)) == ("original", "early")


def test_changed_signature_blocks(pgworkflows):
    started = deploy(original).start()
    pgworkflows.run_workflows()

    def changed(order_id: int) -> None:
        """Take another argument."""

    deploy(changed)
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert started.error["message"] == "tests.deployed(order_id: int) -> None: missing a required argument: 'order_id'."


def test_unreadable_record_blocks(pgworkflows, monkeypatch):
    def body() -> None:
        receipt()
        sleep(60)

    started = deploy(body).start()
    pgworkflows.run_workflows()
    monkeypatch.delattr(sys.modules[__name__], "Receipt")
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert f"{__name__}:Receipt" in started.error["message"]
    assert Workflow.objects.blocked().count() == 1
    assert History.objects.filter(event="block").count() == 1
