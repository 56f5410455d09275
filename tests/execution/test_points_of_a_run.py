"""What a run tells of itself, in order, and with which facts."""

from contextlib import ExitStack
from functools import partial

import pytest

from pgworkflows import step, wait_for_event, workflow
from pgworkflows.telemetry import points
from pgworkflows.telemetry.points import Point

ALL = [point for point in vars(points).values() if isinstance(point, Point)]


@pytest.fixture
def told():
    """Collect what is told, with the facts."""
    heard = []

    def hear(point, /, **facts):
        heard.append((point, facts))

    with ExitStack() as stack:
        for point in ALL:
            stack.enter_context(point.subscribed(partial(hear, point.name)))
        yield heard


@step
def enter() -> None: ...


@step(atomic=False)
def book() -> None:
    raise ValueError("sold out")


def test_points_of_a_run_in_order(pgworkflows, told):
    @workflow(name="tests.telling")
    def body() -> None:
        enter()
        try:
            book()
        except ValueError:
            wait_for_event("signed")

    run = body.start()
    pgworkflows.run_workflows()
    run.send_event("signed")
    pgworkflows.run_workflows()
    flush = ["flush begun", "flush ended", "committed"]
    assert [name for name, facts in told if name != "batch" or facts["report"].claimed] == [
        "claimed", "step begun", "step ended", *flush, "batch",
        "call", "step begun", "step ended", "claimed", *flush, "wait opened", "batch",
        "claimed", "woken", *flush, "batch",
    ]  # fmt: skip
    atomic, outside = [facts for name, facts in told if name == "step ended"]
    assert (atomic["worker"], atomic["workflow"], atomic["position"].seq, atomic["step"], atomic["error"]) == (
        "testing",
        run.pk,
        1,
        enter,
        None,
    )
    assert (outside["worker"], outside["step"], outside["attempt"], str(outside["error"])) == (None, book, 1, "sold out")
    assert 0 <= atomic["seconds"] < 10
    (waits,) = [facts for name, facts in told if name == "wait opened"]
    assert waits == {"worker": "testing", "workflow": run.pk, "name": "tests.telling", "kind": "EVENT", "task": "signed"}


def test_failed_step_is_told_with_its_error(pgworkflows, told):
    @step
    def fail() -> None:
        raise LookupError("no stock")

    @workflow(name="tests.failing")
    def body() -> None:
        fail()

    body.start()
    pgworkflows.run_workflows()
    assert [str(facts["error"]) for name, facts in told if name == "step ended"] == ["no stock"]
