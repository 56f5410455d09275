"""A failed step undoes its workflow's part of the batch: the steps before it run again, it does not, effects are there once."""

import threading
import time

import psycopg
import pytest
from django.db import connection, transaction

from pgworkflows import StepFailed, step, wait_for_event, workflow
from pgworkflows.models import Event, History, Task, Workflow
from pgworkflows.signals import step_failed
from tests.ledger.models import Account, Entry
from tests.workers import conninfo


class Ran(list):
    """The functions that ran, in order, and steps that note themselves here."""

    def __init__(self) -> None:
        super().__init__()

        @step
        def write(name: str) -> int:
            self.append(name)
            return Entry.objects.create(name=name).pk

        @step
        def fail(name: str, about: object = None) -> None:
            self.append(name)
            Entry.objects.create(name="lost")
            raise ValueError(about)

        self.write, self.fail = write, fail

    def try_and_fail(self, name: str, about: object = None) -> str:
        try:
            self.fail(name, about)
        except ValueError as error:
            return str(error)
        return "it did not fail"


@pytest.fixture
def ran():
    return Ran()


@pytest.fixture
def failures():
    told = []
    step_failed.connect(receive := lambda **failure: told.append(failure["error"]))
    yield told
    step_failed.disconnect(receive)


def names() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("name", flat=True))


def finish(pgworkflows, body):
    started = body.start()
    pgworkflows.run_workflows()
    return started.wait(0)


def test_failed_step_runs_once_and_those_before_it_again(pgworkflows, ran, failures):
    @workflow
    def body() -> None:
        ran.write("one")
        ran.write("two")
        ran.try_and_fail("three")
        ran.write("four")

    finish(pgworkflows, body)
    assert ran == ["one", "two", "three", "one", "two", "four"]
    assert names() == ["one", "two", "four"]
    assert list(Task.objects.order_by("seq").values_list("status", "attempt")) == [
        ("COMPLETED", 1), ("COMPLETED", 1), ("FAILED", 1), ("COMPLETED", 1),
    ]  # fmt: skip
    assert History.objects.filter(event="task_fail").count() == len(failures) == 1


def test_first_step_that_queries_is_undone_alone(pgworkflows, ran):
    @workflow
    def body() -> None:
        ran.try_and_fail("one")
        ran.write("two")

    finish(pgworkflows, body)
    assert (ran, names()) == (["one", "two"], ["two"])


def test_step_that_fails_without_a_query_undoes_nothing(pgworkflows, ran, failures):
    @step
    def refuse() -> None:
        transaction.on_commit(lambda: ran.append("a hook of what failed"))
        raise ValueError

    @workflow
    def body(fails: bool) -> None:
        ran.write("one")
        try:
            refuse()
        except ValueError:
            ran.write("two")
        if fails:
            ran.try_and_fail("three")

    body.start(fails=False)
    pgworkflows.run_workflows()
    assert ran == ["one", "two"]
    body.start(fails=True)
    pgworkflows.run_workflows()
    assert ran[2:] == ["one", "two", "three", "one", "two"]
    assert failures == ["builtins:ValueError: ", "builtins:ValueError: ", "builtins:ValueError: None"]


def test_neighbours_do_not_run_again(pgworkflows, ran):
    @workflow
    def body(name: str, fails: bool) -> None:
        ran.write(name)
        if fails:
            ran.try_and_fail(f"{name} fails")

    body.start_many([{"name": str(number), "fails": number == 2} for number in range(1, 4)])
    pgworkflows.run_workflows()
    assert sorted(ran) == ["1", "2", "2", "2 fails", "3"]
    assert sorted(names()) == ["1", "2", "3"]


def test_error_tells_of_the_rows_that_are_there(pgworkflows, ran):
    @workflow
    def body() -> str:
        return ran.try_and_fail("two", ran.write("one"))

    assert finish(pgworkflows, body) == str(Entry.objects.get().pk)  # another key than that of the first run


def test_arguments_that_cannot_be_stored_are_like_no_others(pgworkflows, ran):
    @workflow
    def body() -> str:
        ran.write("one")
        try:
            ran.fail("two", threading.Lock())
        except StepFailed as error:
            return str(error)

    assert "failed after 1 attempt(s): builtins:ValueError: <unlocked _thread.lock" in finish(pgworkflows, body)
    assert names() == ["one"]


def test_several_failures_cost_one_more_run(pgworkflows, ran):
    @workflow
    def body() -> None:
        for number in range(3):
            ran.write(f"one of {number}")
            ran.try_and_fail(f"failure {number}")

    finish(pgworkflows, body)
    assert [ran.count(f"failure {number}") for number in range(3)] == [1, 1, 1]
    assert [ran.count(f"one of {number}") for number in range(3)] == [2, 1, 1]


def test_step_that_fails_only_when_it_runs_again(pgworkflows, ran):
    @step
    def fickle() -> None:
        ran.append("fickle")
        Entry.objects.create(name="fickle")
        if ran.count("fickle") > 1:
            raise ValueError

    @workflow
    def body() -> None:
        ran.write("one")
        try:
            fickle()
        except ValueError:
            ran.write("instead")
        ran.try_and_fail("three")

    finish(pgworkflows, body)
    assert ran == ["one", "fickle", "three", "one", "fickle", "one", "instead", "three"]
    assert names() == ["one", "instead"]


def test_body_that_swallows_everything_is_not_believed(pgworkflows, ran):
    @workflow
    def body() -> str:
        ran.write("one")
        try:
            ran.fail("two")
        except BaseException as error:
            caught = type(error).__name__
        ran.write("three")
        return caught

    assert finish(pgworkflows, body) == "ValueError"
    assert (ran, names()) == (["one", "two", "one", "three"], ["one", "three"])


def test_what_a_body_wrote_and_took_is_there_once(pgworkflows, ran):
    @workflow
    def other() -> None:
        pass

    @workflow
    def body() -> str:
        child = other.start()
        ran.write("one")
        told = wait_for_event("go", correlation="c")
        ran.try_and_fail("two")
        child.result()
        return told

    started = body.start()
    started.send_event("go", "once")
    pgworkflows.run_workflows()
    assert (started.wait(0), names()) == ("once", ["one"])
    assert Workflow.objects.filter(name=other.name, status="COMPLETED").count() == 1
    assert Event.objects.exclude(task=None).count() == 1


def test_compensations_are_undone_alike(pgworkflows, ran):
    @step
    def reserve(name: str) -> None:
        Account.objects.create(name=name)

    @reserve.compensation
    def release(name: str, result: None) -> None:
        ran.append(name)
        Account.objects.get(name=name).delete()
        if name == "first" and ran.count("first") == 1:
            raise ValueError("not yet")

    @workflow
    def body() -> None:
        reserve("first")
        reserve("second")
        raise RuntimeError

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, ran) == ("BLOCKED", ["second", "first", "second"])
    assert Account.objects.get().name == "first"
    started.retry()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, Account.objects.count()) == ("COMPENSATED", 0)


def test_budget_does_not_come_between_the_steps_and_their_failure(pgworkflows, ran, settings):
    settings.PGWORKFLOWS = {"BATCH_SECONDS": 0.1}

    @step
    def fail_late() -> None:
        ran.append("late")
        Entry.objects.create(name="lost")
        while time.thread_time() < began + 0.2:
            pass
        raise ValueError

    @workflow
    def body() -> None:
        ran.write("one")
        ran.write("two")
        try:
            fail_late()
        except ValueError:
            ran.write("three")

    began = time.thread_time()
    finish(pgworkflows, body)
    assert ran == ["one", "two", "late", "one", "two", "three"]


@pytest.mark.django_db(transaction=True)
def test_hooks_of_what_was_undone_do_not_run(pgworkflows, ran):
    @step
    def hooked() -> None:
        Entry.objects.create(name="hooked")
        transaction.on_commit(lambda: ran.append("hook"))

    @workflow
    def body() -> None:
        hooked()
        ran.try_and_fail("two")

    finish(pgworkflows, body)
    assert ran == ["two", "hook"]


@pytest.mark.django_db(transaction=True)
def test_giving_way_keeps_what_came_back_from_outside(pgworkflows, ran):
    account = Account.objects.create(name="wanted")

    @step(atomic=False)
    def call() -> str:
        ran.append("call")
        return "answer"

    @step
    def want() -> None:
        ran.append("want")
        if ran.count("want") > 1:
            blocker.rollback()
        Account.objects.select_for_update().get(pk=account.pk)

    @workflow
    def body() -> str:
        answer = call()
        ran.write("one")
        want()
        return answer

    with psycopg.connect(conninfo()) as blocker:
        blocker.execute("SELECT FROM ledger_account WHERE id = %s FOR UPDATE", [account.pk])
        assert finish(pgworkflows, body) == "answer"
    assert (ran, names()) == (["call", "one", "want", "one", "want"], ["one"])
    assert set(Task.objects.values_list("attempt", flat=True)) == {1}


def test_as_many_orders_as_savepoints_fit_into_a_batch(pgworkflows, ran, settings):
    settings.PGWORKFLOWS = {"BATCH_SECONDS": 60, "BATCH_SIZE": 50}

    @workflow
    def order(number: int) -> None:
        for row in range(5):
            ran.write(f"{number}/{row}")

    order.start_many([{"number": number} for number in range(50)])
    summary = pgworkflows.run_workflows()
    assert (summary.batches, Entry.objects.count(), connection.needs_rollback) == (1, 250, False)
