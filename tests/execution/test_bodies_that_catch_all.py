"""Bodies that catch all and go on: what ends them for now is none the wiser, and nobody else waits for them."""

import sys
from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from pgworkflows import request_approval, sleep, step, wait_for_event, workflow
from pgworkflows.models import Approval

#: A loop that nothing leaves ends here, so that the test does.
MOST_ROUNDS = 1000


@step(name="tests.catch_all_call", atomic=False)
def call() -> str:
    return "called"


@workflow(name="tests.catch_all_child")
def child() -> str:
    return wait_for_event("go")


@workflow(name="tests.catch_all_beside")
def beside() -> str:
    return call()


def bare(ask, rounds):
    for _ in range(MOST_ROUNDS):
        rounds.append(1)
        try:
            return ask()
        except:  # noqa: E722 - the hostile case
            pass
    return None


def base_exception(ask, rounds):
    while len(rounds) < MOST_ROUNDS:
        rounds.append(1)
        try:
            return ask()
        except BaseException as error:
            str(error)
            continue
    return None


def suppressed(ask, rounds):
    while len(rounds) < MOST_ROUNDS:
        rounds.append(1)
        with suppress(BaseException):
            return ask()
    return None


def by_a_helper(ask, rounds):
    def helper():
        rounds.append(1)
        try:
            return ask()
        except:  # noqa: E722 - the hostile case
            return None

    while len(rounds) < MOST_ROUNDS:
        if (found := helper()) is not None:
            return found
    return None


def twice(ask, rounds):
    while len(rounds) < MOST_ROUNDS:
        rounds.append(1)
        try:
            try:
                return ask()
            except:  # noqa: E722 - the hostile case
                pass
        except:  # noqa: E722 - the hostile case
            pass
    return None


def in_each_other(ask, rounds):
    while len(rounds) < MOST_ROUNDS:
        with suppress(BaseException):
            while len(rounds) < MOST_ROUNDS:
                with suppress(BaseException):
                    rounds.append(1)
                    return ask()
    return None


def by_a_helper_in_a_loop(ask, rounds):
    while len(rounds) < MOST_ROUNDS:
        try:
            return bare(ask, rounds)
        except:  # noqa: E722 - the hostile case
            str(rounds)
    return None


LOOPS = [bare, base_exception, suppressed, by_a_helper, twice, in_each_other, by_a_helper_in_a_loop]
WAITS = {
    "event": (lambda: wait_for_event("go"), "went"),
    "sleep": (lambda: sleep(60) or "slept", "slept"),
    "approval": (lambda: request_approval("Buy it", users=["ann"]).comment, "fine"),
    "call": (call, "called"),
}


def run_round(pgworkflows, ask, loop):
    """Run a body that asks in a loop, beside another; return it and how often it went round each time it was replayed."""
    replays = []

    @workflow(name="tests.catches_all")
    def body() -> object:
        replays.append([])
        return loop(ask, replays[-1])

    run, neighbour = body.start(), beside.start()
    pgworkflows.run_workflows()
    assert neighbour.wait(0) == "called"
    run.refresh_from_db()
    return run, replays


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("kind", WAITS)
def test_loop_waits_as_if_it_caught_nothing(pgworkflows, db, kind, loop):
    ann = User.objects.create_user("ann")
    ask, found = WAITS[kind]
    tracing = sys.gettrace()
    run, replays = run_round(pgworkflows, ask, loop)
    assert run.status == ("COMPLETED" if kind == "call" else "WAITING")
    run.send_event("go", "went") if kind == "event" else None
    [approval.approve(ann, comment="fine") for approval in Approval.objects.all()]
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert (run.wait(0), sys.gettrace()) == (found, tracing)
    assert max(map(len, replays)) < 50, "it went on where it was to stop"


def test_loop_round_the_result_of_a_child(pgworkflows, db):
    run, replays = run_round(pgworkflows, lambda: child.start().result(), bare)
    assert (run.status, run.waiting_for[0]["kind"]) == ("WAITING", "CHILD")
    run.children.get().send_event("go", "grown")
    pgworkflows.run_workflows()
    assert run.wait(0) == "grown"
    assert max(map(len, replays)) < 50


def test_loop_round_a_step_that_fails_goes_on_to_the_next(pgworkflows, db):
    """A failure undoes what ran before it in the batch, and the body is run again: also through such a loop."""
    tries = []

    @step(name="tests.third_time")
    def third_time(n: int) -> int:
        tries.append(n)
        if n < 3:
            raise ValueError(n)
        return n

    @workflow(name="tests.fails_in_a_loop")
    def body() -> int:
        for n in range(1, MOST_ROUNDS):
            try:
                return third_time(n)
            except BaseException:
                continue
        return 0

    run = body.start()
    pgworkflows.run_workflows()
    assert run.wait(0) == 3
    assert list(run.tasks.order_by("seq").values_list("status", flat=True)) == ["FAILED", "FAILED", "COMPLETED"]
    assert len(tries) < 10
