"""Workflows started by a body, and by a step."""

from datetime import timedelta

import pytest

from pgworkflows import WorkflowFailed, sleep, step, wait_for_event, workflow
from pgworkflows.models import Workflow


@pytest.fixture
def child():
    """Declare a child that sleeps, then returns or raises."""

    @workflow(name="tests.child")
    def child(n: int) -> int:
        sleep(60)
        if n < 0:
            raise ValueError(f"negative: {n}")
        return n * 10

    return child


def finish(pgworkflows):
    """Run, let the sleeps pass, run again."""
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()


def test_two_children_run_in_parallel(pgworkflows, child):
    @workflow
    def parent() -> list[int]:
        handles = [child.start(1), child.start(n=2)]
        return [handle.result() for handle in reversed(handles)]

    started = parent.start()
    finish(pgworkflows)
    assert started.wait(0) == [20, 10]
    assert {(one.parent_id, one.root) for one in started.children.all()} == {(started.id, started.id)}


def test_failing_child_raises_in_the_parent(pgworkflows, child):
    @workflow
    def parent() -> str:
        handle = child.start(-1)
        try:
            handle.result()
        except WorkflowFailed as error:
            return str(error)

    started = parent.start()
    finish(pgworkflows)
    assert started.wait(0) == f"Workflow tests.child {started.children.get().id} ended FAILED: negative: -1"


def test_retried_child_lets_its_parent_be_retried(pgworkflows):
    broken = [True]

    @workflow
    def child(n: int) -> int:
        if n == 1 and broken:
            raise ValueError
        return n

    @workflow
    def parent() -> list[int]:
        return [handle.result() for handle in child.start_many([{"n": 1}, {"n": 2}])]

    started = parent.start()
    pgworkflows.run_workflows()
    broken.clear()
    Workflow.objects.get(name=child.name, status="FAILED").retry()
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(0) == [1, 2]


@pytest.mark.parametrize("ended", [True, False])
def test_child_with_a_key_is_adopted(pgworkflows, child, ended):
    other = child.using(key="k").start(7)
    if ended:
        finish(pgworkflows)

    @workflow
    def parent() -> list[str]:
        handle = child.using(key="k").start(7)
        return [str(handle.id), str(handle.result())]

    started = parent.start()
    finish(pgworkflows)
    assert started.wait(0) == [str(other.id), "70"]
    assert Workflow.objects.filter(name="tests.child").count() == 1


def test_adopting_other_arguments_fails_the_parent(pgworkflows, child):
    other = child.using(key="k").start(7)

    @workflow
    def parent() -> None:
        child.using(key="k").start(8)

    started = parent.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.error["message"] == (
        f"Key 'k' of tests.child belongs to workflow {other.id} with arguments {{'n': 7}}, "
        "but was used again with {'n': 8}. Use another key, or the same arguments."
    )


def test_start_in_a_step_is_independent(pgworkflows, child):
    @step
    def begin(fails: bool) -> None:
        child.start(1)
        if fails:
            raise ValueError

    @workflow
    def body(fails: bool) -> None:
        begin(fails)

    body.start_many([{"fails": True}, {"fails": False}])
    pgworkflows.run_workflows()
    assert Workflow.objects.get(name="tests.child").parent is None


def test_handle_is_of_no_use_in_a_step(pgworkflows, child):
    @step
    def peek(handle: object) -> None:
        handle.result()

    @workflow
    def body() -> None:
        peek(child.start(1))

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.error["message"] == (
        "result() of child tests.child is for the body that started it. Pass the result on, not the handle."
    )


def test_child_for_a_subject_of_its_parent(pgworkflows, child):
    from pgworkflows import current_workflow
    from tests.ledger.models import Account

    @workflow
    def parent() -> None:
        child.using(subject=current_workflow().subject).start(1)
        wait_for_event("never")

    account = Account.objects.create(name="a")
    parent.using(subject=account).start()
    pgworkflows.run_workflows()
    assert set(account.workflows.values_list("name", flat=True)) == {parent.name, "tests.child"}


@pytest.mark.parametrize(("parent_close", "ends"), [("cancel", "CANCELLED"), ("abandon", "COMPLETED")])
def test_cancelled_parent_closes_its_children_as_their_row_says(pgworkflows, child, parent_close, ends):
    @workflow
    def parent() -> int:
        return child.start(1).result()

    started = parent.start()
    pgworkflows.run_workflows()
    assert [row.parent_close for row in Workflow.objects.order_by("id")] == [None, "cancel"]
    Workflow.objects.filter(parent=started).update(parent_close=parent_close)
    started.cancel("over")
    finish(pgworkflows)
    assert Workflow.objects.get(parent=started).status == ends
