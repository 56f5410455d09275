"""Calling a step until its answer will do: one task, with the last answer threaded through."""

from datetime import timedelta
from functools import partial

import pytest

from pgworkflows import Retry, WaitTimeout, current_step, poll, sleep, step, workflow
from pgworkflows.models import History, Task, Workflow
from pgworkflows.testing import crash_everywhere, move_clock
from tests.ledger.models import Entry

MINUTE = timedelta(minutes=1)


@step
def add(amount: int, last: int) -> int:
    Entry.objects.create(name=f"{last}")
    return last + amount


@pytest.fixture(params=[True, False], ids=["atomic", "outside"])
def tracking(request):
    """Give a workflow that polls a step, and what that was called with and under which key."""
    seen: list[tuple[str, list[int], str]] = []
    fails: list[Exception] = []

    @step(name="tests.track", atomic=request.param, retry=Retry(max_attempts=2, initial=1, jitter=False))
    def track(parcel: str, last: list[int]) -> list[int]:
        seen.append((parcel, last, current_step().idempotency_key))
        if fails:
            raise fails.pop()
        return [*last, len(last)]

    @workflow(name="tests.tracking")
    def body(enough: int = 3, limit: int | None = None, calls: int | None = None) -> object:
        try:
            found = poll(
                partial(track, "P7"),
                every=MINUTE,
                until=lambda found: len(found) >= enough,
                initial=[],
                timeout=limit,
                max_calls=calls,
            )
        except WaitTimeout as error:
            found = [str(error), error.last]
        sleep(1)
        return found

    return body, seen, fails


def pass_minutes(pgworkflows, times):
    pgworkflows.run_workflows()
    for _ in range(times):
        pgworkflows.move_clock(MINUTE)
        pgworkflows.run_workflows()


def test_called_until_its_answer_will_do(pgworkflows, tracking):
    body, seen, _ = tracking
    run = body.start()
    pgworkflows.run_workflows()
    wait = Workflow.objects.get(pk=run.pk).waiting_for[0]
    assert (wait["kind"], wait["title"], wait["calls"]) == ("POLL", "tests.track", 1)
    assert pgworkflows.run_workflows().batches == 0
    pass_minutes(pgworkflows, 3)
    assert run.wait(0) == [0, 1, 2]
    assert [(parcel, last) for parcel, last, _ in seen] == [("P7", []), ("P7", [0]), ("P7", [0, 1])]
    assert len({key for *_, key in seen}) == 3
    assert list(run.tasks.order_by("seq").values_list("kind", "status", "result")) == [
        ("POLL", "COMPLETED", [0, 1, 2]), ("TIMER", "COMPLETED", None),
    ]  # fmt: skip


def test_calls_are_used_up(pgworkflows, tracking):
    body, seen, _ = tracking
    run = body.start(calls=2)
    pass_minutes(pgworkflows, 2)
    assert run.wait(0) == ["Timed out: poll of tests.track, called 2 times.", [0, 1]]
    assert len(seen) == 2


def test_time_is_used_up_with_a_last_call(pgworkflows, tracking):
    body, seen, _ = tracking
    run = body.start(limit=90, enough=9)
    pass_minutes(pgworkflows, 3)
    assert run.wait(0) == ["Timed out: poll of tests.track, called 3 times.", [0, 1, 2]]
    assert len(seen) == 3


def test_failed_call_follows_the_steps_retry(pgworkflows, tracking):
    body, seen, fails = tracking
    run = body.start(enough=2)
    pgworkflows.run_workflows()
    fails.append(OSError("away"))
    pass_minutes(pgworkflows, 1)
    assert Task.objects.first().status == "PENDING"
    pass_minutes(pgworkflows, 2)
    assert run.wait(0) == [0, 1]
    assert [last for _, last, _ in seen] == [[], [0], [0]]
    assert seen[1] == seen[2]


def test_step_that_fails_for_good_fails_the_poll_and_goes_on_after_retry(pgworkflows, tracking):
    body, _seen, fails = tracking
    run = body.start(enough=2, calls=2)
    pgworkflows.run_workflows()
    fails.extend([OSError("away"), OSError("away")])
    pass_minutes(pgworkflows, 2)
    run.refresh_from_db()
    assert (run.status, run.error["message"]) == ("FAILED", "away")
    run.retry()
    pass_minutes(pgworkflows, 1)
    assert run.wait(0) == [0, 1]


def test_error_of_until_is_the_same_at_replay(pgworkflows):
    @workflow
    def body() -> str:
        try:
            poll(partial(add, 1), every=1, until=lambda found: 1 / 0, initial=0)
        except ZeroDivisionError as error:
            sleep(1)
            return str(error)

    run = body.start()
    pgworkflows.run_workflows()
    pass_minutes(pgworkflows, 1)
    assert run.wait(0) == "division by zero"


def test_polls_pass_everywhere(transactional_db):
    @workflow(name="tests.adding")
    def body() -> int:
        return poll(partial(add, 2), every=MINUTE, until=lambda found: found >= 4, initial=0)

    report = crash_everywhere(body, then=[lambda run: move_clock(MINUTE)])
    assert report.crashes["before_step"] == 2
    assert not History.objects.exists()


@step
def alone() -> int:
    return 1


@step
def undone(last: int) -> int:
    return last


@undone.compensation
def undo(last: int, result: int) -> None: ...


FINE = {"every": 1, "until": bool}


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (print, {}, "poll(step) must be a step, or a partial of one"),
        (alone, {}, "alone"),
        (undone, {}, "a step that is called many times cannot be undone. Poll one without a compensation."),
        (partial(add, 1), {"every": 0}, "every=) must be longer than nothing."),
        (partial(add, 1), {"until": True}, "until=) must be a function of what the step returns, not True."),
        (partial(add, 1), {"max_calls": 0}, "max_calls=0) must be a whole number from 1."),
        (partial(add, 1), {"timeout": -1}, "timeout=) must be a length of time"),
        (partial(add, 1), {"initial": object()}, "initial=) cannot be stored"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_before_anything_begins(pgworkflows, call, options, message):
    @workflow
    def body() -> None:
        poll(call, **FINE | options)

    run = body.start()
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert (run.status, message in run.error["message"]) == ("FAILED", True), run.error
    assert not Task.objects.exists()
