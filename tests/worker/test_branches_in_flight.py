"""Branches whose calls are in flight: what wakes their workflow, what becomes of the calls, and how many there are."""

import threading
import time
from datetime import timedelta
from functools import partial

import pytest

from pgworkflows import Cancelled, Retry, current_step, first, gather, sleep, step, wait_for_event, workflow
from pgworkflows.models import Workflow
from pgworkflows.store import workers
from tests.ledger.models import Entry


class Calls:
    """Counts the calls by key, and holds those back that are to be in flight."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.let_go = threading.Event()
        self.at_once = self.most = 0
        self.lock = threading.Lock()

    def make(self, name: str) -> str:
        with self.lock:
            self.made.append((name, current_step().idempotency_key))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        if name.startswith("held"):
            assert self.let_go.wait(20)
        with self.lock:
            self.at_once -= 1
        if name.startswith("bad"):
            raise ValueError(name)
        return name.upper()


@pytest.fixture
def calls():
    made = Calls()
    yield made
    made.let_go.set()


@pytest.fixture
def call(calls):
    @step(name="call", atomic=False)
    def call(name: str) -> str:
        return calls.make(name)

    @call.compensation
    def undo(name: str, *, result: str | None) -> None:
        Entry.objects.create(name=f"undo {name} {result}")

    return call


@step
def note(text: str) -> None:
    Entry.objects.create(name=text)


def notes() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("name", flat=True))


def started(definition, worker, **kwargs) -> Workflow:
    worker.know(definition)
    return definition.start(**kwargs)


def has(row: Workflow, status: str) -> bool:
    row.refresh_from_db()
    return row.status == status


def test_an_event_wakes_a_workflow_with_a_call_in_flight(worker, run_until, calls, call):
    @workflow
    def body() -> str:
        won = first(partial(call, "held"), partial(wait_for_event, "stop"))
        note(f"won by {won.index}")
        return str(wait_for_event("end"))

    row = started(body, worker)
    run_until(lambda: bool(calls.made))
    assert has(row, "RUNNING")
    assert {wait["kind"] for wait in row.waiting_for} == {"CALL", "EVENT"}
    row.send_event("stop")
    run_until(lambda: notes() == ["won by 1"])
    assert len(worker.pool) == 1
    calls.let_go.set()
    run_until(lambda: has(row, "WAITING"))
    assert row.tasks.get(kind="STEP", name="call").result == "HELD"
    row.send_event("end", "well")
    run_until(lambda: has(row, "COMPLETED"))
    assert (row.wait(0), len(calls.made)) == ("well", 1)


def test_a_time_wakes_a_workflow_with_a_call_in_flight(worker, run_until, calls, call):
    @workflow
    def body() -> int:
        return first(partial(call, "held"), partial(sleep, timedelta(seconds=0.3))).index

    row = started(body, worker)
    run_until(lambda: has(row, "COMPLETED"))
    assert row.wait(0) == 1
    assert row.tasks.get(kind="STEP").status == "CANCELLED"


def test_nobody_undoes_a_call_that_is_still_being_made(worker, run_until, calls, call):
    @workflow
    def body() -> None:
        def loser() -> None:
            try:
                call("held")
            except Cancelled:
                note("cleans up")
                raise

        gather(loser, partial(call, "bad"))

    row = started(body, worker)
    run_until(lambda: notes() == ["cleans up"])
    for _ in range(5):
        worker.step()
    assert (notes(), has(row, "RUNNING")) == (["cleans up"], True)
    calls.let_go.set()
    run_until(lambda: has(row, "COMPENSATED"))
    assert notes() == ["cleans up", "undo held HELD", "undo bad None"]
    assert len({key for _, key in calls.made}) == len(calls.made) == 2


def test_a_call_of_a_loser_is_not_made_again_after_a_takeover(worker, run_until, calls, call):
    @workflow
    def body() -> None:
        first(partial(call, "held"), partial(wait_for_event, "stop"))
        note("went on")
        wait_for_event("fail")
        raise ValueError("no")

    row = started(body, worker)
    run_until(lambda: bool(calls.made))
    row.send_event("stop")
    run_until(lambda: notes() == ["went on"])
    workers.take_over(worker.engine.worker_id, by="test")
    row.send_event("fail")
    run_until(lambda: has(row, "COMPENSATED"))
    assert notes() == ["went on", "undo held None"]
    assert len(calls.made) == 1


def test_calls_in_flight_are_made_once_however_often_it_is_woken(worker, run_until, calls, call):
    @workflow
    def body() -> list[object]:
        events = [partial(wait_for_event, "news") for _ in range(3)]
        return [*gather(partial(call, "held 1"), partial(call, "held 2"), *events)]

    row = started(body, worker)
    run_until(lambda: len(calls.made) == 2)
    for number in range(3):
        row.send_event("news", number)
        run_until(lambda seen=number: row.tasks.filter(kind="EVENT", status="COMPLETED").count() == seen + 1)
    calls.let_go.set()
    run_until(lambda: has(row, "COMPLETED"))
    assert row.wait(0) == ["HELD 1", "HELD 2", 0, 1, 2]
    assert len(calls.made) == 2


def test_no_workflow_floods_the_pool(worker, run_until, calls, call):
    worker.pool.concurrency = 4

    @workflow
    def body() -> int:
        return len(gather(*(partial(call, f"quick {number}") for number in range(40))))

    rows = [started(body, worker) for _ in range(2)]
    run_until(lambda: all(has(row, "COMPLETED") for row in rows))
    assert len(calls.made) == 80
    assert calls.most <= 4
    assert {task.attempt for row in rows for task in row.tasks.filter(kind="STEP")} == {1}


def test_at_most_so_many_have_begun_and_not_ended(worker, run_until, calls, call):
    @workflow
    def body() -> list[str]:
        return [*gather(*(partial(call, f"n {number}") for number in range(9)), at_most=2)]

    row = started(body, worker)
    run_until(lambda: has(row, "COMPLETED"))
    assert row.wait(0) == [f"N {number}" for number in range(9)]
    assert calls.most <= 2


def test_a_worker_that_stops_begins_no_call_and_lets_go_after_the_last_landing(worker, run_until, calls, call):
    @workflow
    def body() -> int:
        return len(gather(*(partial(call, f"held {number}") for number in range(6)), at_most=2))

    row = started(body, worker)
    run_until(lambda: len(calls.made) == 2)
    worker.engine.stopping = True
    calls.let_go.set()
    run_until(lambda: has(row, "PENDING"))
    assert (len(calls.made), row.owner_id) == (2, None)


def test_cancel_waits_for_the_calls_in_flight(worker, run_until, calls, call):
    @workflow
    def body() -> None:
        gather(partial(call, "held 1"), partial(call, "held 2"), partial(sleep, timedelta(days=1)))

    row = started(body, worker)
    run_until(lambda: len(calls.made) == 2)
    row.cancel("enough")
    for _ in range(5):
        worker.step()
    calls.let_go.set()
    run_until(lambda: has(row, "CANCELLED"))
    assert sorted(notes()) == ["undo held 1 HELD 1", "undo held 2 HELD 2"]


def test_a_back_off_in_one_branch_does_not_hold_up_the_others(worker, run_until, calls):
    failed = []

    @step(atomic=False)
    def flaky() -> str:
        if not failed:
            failed.append(time.monotonic())
            raise ConnectionError("once")
        return "flaky"

    @workflow
    def body() -> list[str]:
        def quick() -> str:
            note("quick")
            return "quick"

        return [*gather(flaky, quick)]

    row = started(body, worker)
    run_until(lambda: has(row, "COMPLETED") or has(row, "FAILED"))
    assert notes() == ["quick"]


def test_a_late_failure_of_a_loser_is_recorded_and_not_retried(worker, run_until, calls):
    @step(atomic=False, retry=Retry(max_attempts=5, initial=0))
    def fails() -> None:
        calls.make("held")
        raise ConnectionError("late")

    @workflow
    def body() -> None:
        first(fails, partial(wait_for_event, "stop"))
        note("went on")
        wait_for_event("end")

    row = started(body, worker)
    run_until(lambda: bool(calls.made))
    row.send_event("stop")
    run_until(lambda: notes() == ["went on"])
    calls.let_go.set()
    run_until(lambda: has(row, "WAITING"))
    task = row.tasks.get(kind="STEP", branch="1.1")
    assert (task.status, task.attempt, len(calls.made)) == ("FAILED", 1, 1)


def test_a_clean_up_that_backs_off_keeps_its_gather_open(worker, run_until, calls, call):
    faults = [ConnectionError("once")]

    @step(retry=Retry(max_attempts=2, initial=0.2))
    def clean_up() -> None:
        if faults:
            raise faults.pop()
        Entry.objects.create(name="clean")

    @workflow
    def body() -> None:
        def loser() -> None:
            try:
                wait_for_event("never")
            finally:
                clean_up()

        first(loser, partial(call, "quick"))
        note("behind")

    row = started(body, worker)
    run_until(lambda: has(row, "COMPLETED"))
    assert notes() == ["clean", "behind"]


def test_a_branch_that_blocks_waits_for_the_calls_in_flight_and_can_be_retried(worker, run_until, calls, call):
    broken = [True]

    @workflow
    def body() -> list[object]:
        def changes() -> str:
            if broken and seen:
                sleep(1)
            return str(wait_for_event("go"))

        return [*gather(partial(call, "held"), changes)]

    seen: list[int] = []
    row = started(body, worker)
    run_until(lambda: bool(calls.made))
    seen.append(1)
    row.send_event("go", "well")
    for _ in range(5):
        worker.step()
    assert has(row, "RUNNING")
    calls.let_go.set()
    run_until(lambda: has(row, "BLOCKED"))
    broken.clear()
    row.retry()
    run_until(lambda: has(row, "COMPLETED"))
    assert (row.wait(0), len(calls.made)) == (["HELD", "well"], 1)
