"""Attempts: how many, when, and what the body sees in the end."""

import sys
from datetime import timedelta

import pytest

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
    assert (started.status, attempts, started.waiting_for) == ("PENDING", [1], "attempt 2 of flaky")
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
