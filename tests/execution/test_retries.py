"""Attempts: how many, when, and what the body sees in the end."""

import sys
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from pgworkflows import Retry, StepFailed, current_step, sleep, step, workflow
from pgworkflows.models import History, Task, Workflow
from tests.ledger.models import Entry


class BusyError(Exception):
    """Try again later."""


class DeclinedError(Exception):
    """Never try again."""


def failing_step(error, *, times, **options):
    """Declare a step that raises so many times, and a workflow that calls it."""
    attempts = []

    @step(name="flaky", **options)
    def flaky() -> str:
        attempts.append(current_step().attempt)
        Entry.objects.create(name="tried")
        if len(attempts) <= times:
            raise error
        return "done"

    @workflow
    def body() -> str:
        return flaky()

    return body.start(), attempts


@pytest.mark.parametrize("atomic", [True, False])
def test_backoff_waits_in_the_row(pgworkflows, atomic):
    retry = Retry(max_attempts=3, initial=10, jitter=False)
    started, attempts = failing_step(BusyError("full"), times=2, retry=retry, atomic=atomic)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    (wait,) = started.waiting_for
    assert (started.status, attempts, wait["kind"], wait["attempt"]) == ("PENDING", [1], "ATTEMPT", 2)
    pgworkflows.move_clock(timedelta(seconds=11))
    pgworkflows.run_workflows()
    assert attempts == [1, 2]
    pgworkflows.move_clock(timedelta(seconds=11))
    pgworkflows.run_workflows()
    assert attempts == [1, 2]  # 20 seconds now
    pgworkflows.move_clock(timedelta(seconds=11))
    pgworkflows.run_workflows()
    assert (attempts, started.wait(1), Task.objects.get().attempt) == ([1, 2, 3], "done", 3)
    assert Entry.objects.count() == (1 if atomic else 3)


@pytest.mark.parametrize(
    ("options", "attempt", "wait"),
    [
        ({"initial": 0.05, "factor": 1}, 64, 0.05),
        ({"initial": 5, "factor": 1}, 40_000, 5),
        ({"initial": 1, "factor": 1.001, "maximum": 10}, 1001, 1.001**1000),
        ({"initial": 0, "factor": 2}, 70, 0),
        ({"initial": 0, "factor": 2}, 40_000, 0),
        ({"initial": 0.001, "factor": 2}, 40_000, 300),
        ({"initial": timedelta(seconds=1), "factor": 10.0, "maximum": timedelta(hours=1)}, 400, 3600),
        ({"initial": 1e-300, "factor": 1e200, "maximum": 7}, 3, 7),
    ],
)
def test_wait_after_many_attempts_is_what_the_formula_says(options, attempt, wait):
    assert Retry(jitter=False, **options).delay(attempt) == pytest.approx(wait)


@pytest.mark.parametrize("atomic", [True, False])
def test_there_is_no_last_number_of_an_attempt(pgworkflows, atomic):
    retry = Retry(max_attempts=100_000, initial=1, factor=1, jitter=False)
    started, attempts = failing_step(BusyError("full"), times=3, retry=retry, atomic=atomic)
    pgworkflows.run_workflows()
    Task.objects.update(attempt=32_766)
    for _ in range(3):
        pgworkflows.move_clock(timedelta(seconds=1.1))
        pgworkflows.run_workflows()
    assert attempts == [1, 32_767, 32_768, 32_769]
    assert (started.wait(1), Task.objects.get().attempt) == ("done", 32_769)
    assert History.objects.filter(attempt=32_769).exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_attempts": 0}, r"Retry\(max_attempts=0\) must be 1 or more"),
        ({"max_attempts": 2.5}, r"Retry\(max_attempts=2.5\) must be a whole number"),
        ({"max_attempts": True}, r"Retry\(max_attempts=True\) must be a whole number"),
        ({"factor": 0.5}, r"Retry\(factor=0.5\) must be a finite number of 1 or more"),
        ({"factor": float("nan")}, r"Retry\(factor=nan\) must be a finite number"),
        ({"factor": float("inf")}, r"Retry\(factor=inf\) must be a finite number"),
        ({"maximum": 1e300}, r"Retry\(maximum=\) must be a length of time from zero to a hundred years"),
        ({"initial": timedelta.max}, r"Retry\(initial=\) must be a length of time from zero to a hundred years"),
        ({"initial": 10**400}, r"Retry\(initial=\) must be a length of time from zero to a hundred years"),
        ({"initial": float("nan")}, r"Retry\(initial=\) must be a length of time from zero to a hundred years"),
    ],
)
def test_what_no_retry_can_be_is_refused(options, told):
    with pytest.raises((TypeError, ValueError), match=told):
        Retry(**options)


def test_every_attempt_leaves_one_history_row(pgworkflows):
    failing_step(BusyError(), times=2, retry=Retry(max_attempts=3, initial=0))
    pgworkflows.run_workflows()
    rows = History.objects.filter(task__isnull=False).order_by("id").values_list("event", "attempt")
    assert list(rows) == [("attempt_failed", 1), ("attempt_failed", 2), ("task_complete", 3)]


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("options", [{"on": (DeclinedError,)}, {"give_up_on": (BusyError,)}])
def test_other_errors_end_at_once(pgworkflows, options, atomic):
    started, attempts = failing_step(BusyError("x"), times=9, retry=Retry(max_attempts=5, initial=0, **options), atomic=atomic)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, attempts, started.error["message"]) == ("FAILED", [1], "x")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("atomic", [True, False])
def test_leaving_python_fails_the_step(pgworkflows, error, atomic):
    started, attempts = failing_step(error, times=9, retry=Retry(max_attempts=5, initial=0), atomic=atomic)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, attempts) == ("FAILED", [1])
    assert started.error["type"] == "pgworkflows.exceptions:StepFailed"


@pytest.mark.parametrize("leave", [lambda: sys.exit(1), lambda: exec("raise KeyboardInterrupt")])
def test_leaving_python_fails_the_body(pgworkflows, leave):
    @workflow
    def body() -> None:
        leave()

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"


def test_same_exception_first_and_on_replay(pgworkflows):
    seen = []

    @step(name="make")
    def decline() -> None:
        raise DeclinedError("card", 7)

    @workflow
    def body() -> None:
        try:
            decline()
        except DeclinedError as error:
            seen.append((type(error), error.args))
        sleep(5)

    body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=6))
    pgworkflows.run_workflows()
    assert seen == [(DeclinedError, ("card", 7))] * 2
    assert Workflow.objects.get().status == "COMPLETED"


class MuteError(Exception):
    def __str__(self):
        raise ValueError("no words")


class CyclicError(Exception):
    def __init__(self):
        self.whole = [self]
        self.whole.append(self.whole)
        super().__init__(self.whole)


@pytest.mark.parametrize("error", [MuteError(), MuteError(object()), CyclicError(), ValueError("\x00\ud800")])
def test_errors_that_cannot_be_told(pgworkflows, error):
    started, _ = failing_step(error, times=1)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"
    assert started.error["type"]


def test_unrebuildable_error_is_step_failed(pgworkflows):
    class LocalError(Exception):
        pass

    started, _ = failing_step(LocalError("here"), times=1)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    path = f"{__name__}:test_unrebuildable_error_is_step_failed.<locals>.LocalError"
    assert started.error["message"] == f"Step flaky failed after 1 attempt(s): {path}: here"


def test_result_that_cannot_be_stored_fails(pgworkflows):
    @step(name="make")
    def make() -> object:
        Entry.objects.create(name="lost")
        return {"a": [object]}

    @workflow
    def body() -> None:
        make()

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.error["type"] == "pgworkflows.exceptions:NotStorable"
    assert started.error["message"].startswith("the result of step make cannot be stored: ")
    assert not Entry.objects.exists()


def test_step_outside_workflow_is_the_function():
    @step(atomic=False)
    def plain(x: int) -> int:
        return x + 1

    assert plain(1) == 2
    assert StepFailed


def met(sqlstate):
    """Raise what the server says: an error of the database's own making, with a SQLSTATE."""
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'met another' USING ERRCODE = '{sqlstate}'; END $$")


def conflict_twice(seen, sqlstate, kind):
    """Return a step of a kind that meets another transaction twice, and then does not."""

    def attempt() -> str:
        seen.append((current_step().attempt, current_step().idempotency_key))
        if len(seen) <= 2:
            met(sqlstate)
        return "done"

    if kind == "async def":

        @step(name="meets", atomic=False)
        async def awaits() -> str:
            return await sync_to_async(attempt)()

        return awaits
    return step(name="meets", atomic=kind == "atomic")(attempt)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["atomic", "def", "async def"])
@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_meeting_another_transaction_is_not_counted(pgworkflows, kind, sqlstate):
    seen = []
    meets = conflict_twice(seen, sqlstate, kind)

    @workflow
    def body() -> str:
        return meets()

    started = body.start()
    for _ in range(3):
        pgworkflows.run_workflows()
        pgworkflows.move_clock(timedelta(minutes=1))
    assert started.wait(1) == "done"
    assert [attempt for attempt, _ in seen] == [1, 1, 1]
    assert len({key for _, key in seen}) == 1
    task = Task.objects.get()
    assert (task.attempt, task.error, task.due_at) == (1, None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [True, False])
def test_compensation_that_meets_another_transaction_is_not_counted(pgworkflows, atomic):
    seen = []

    @step(name="done")
    def done() -> None: ...

    @done.compensation(atomic=atomic)
    def undo(result: None) -> None:
        seen.append(current_step().attempt)
        if len(seen) <= 2:
            met("40P01")

    @workflow
    def body() -> None:
        done()
        raise BusyError

    started = body.start()
    for _ in range(3):
        pgworkflows.run_workflows()
        pgworkflows.move_clock(timedelta(minutes=1))
    started.refresh_from_db()
    assert (started.status, seen) == ("COMPENSATED", [1, 1, 1])


@pytest.mark.django_db(transaction=True)
def test_meeting_others_for_ever_blocks_and_can_be_retried(pgworkflows):
    seen = []

    @step(name="meets", atomic=False)
    def meets() -> str:
        seen.append(current_step().attempt)
        if len(seen) < 100:
            met("40001")
        return "done"

    @workflow
    def body() -> str:
        return meets()

    started = body.start()
    for _ in range(20):
        pgworkflows.run_workflows()
        started.refresh_from_db()
        if started.status == "BLOCKED":
            break
        pgworkflows.move_clock(timedelta(minutes=10))
    assert started.status == "BLOCKED"
    assert "met another" in started.error["message"]
    assert set(seen) == {1}
    seen.extend([0] * 100)
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(1) == "done"


def test_one_who_gives_up_on_deadlocks_is_believed(pgworkflows):
    @step(name="meets", atomic=False, retry=Retry(give_up_on=(OperationalError,)))
    def meets() -> None:
        met("40P01")

    @workflow(name="tests.gives_up")
    def body() -> None:
        meets()

    row = body.start()
    pgworkflows.run_workflows()
    row.refresh_from_db()
    assert (row.status, Task.objects.get(workflow=row).status) == ("FAILED", "FAILED")
