"""Executors that break, refuse, hang or lose what they were given: never the step's fault, nor anybody else's."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.test import override_settings

from pgworkflows import NotStorable, Retry, StepFailed, current_step, current_workflow, step, workflow
from pgworkflows.definitions.registry import registry
from pgworkflows.executors import processes
from pgworkflows.models import Task, Workflow
from pgworkflows.presentation.waits import told
from pgworkflows.store.health import measure
from pgworkflows.telemetry import points
from pgworkflows.worker import breaker, executors
from pgworkflows.worker.options import WorkerOptions
from tests.ledger.executors import never_return
from tests.worker.conftest import SteppedWorker


@contextmanager
def having(**named):
    with override_settings(PGWORKFLOWS={"EXECUTORS": named}):
        yield


@pytest.fixture
def said():
    """Collect what is said of executors."""
    heard: list[str] = []

    def hear(*, what, error, **_):
        heard.append(f"{what}: {error}")

    with points.failed.subscribed(hear):
        yield heard


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(executors, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr("pgworkflows.execution.recording.SHORTEST_PAUSE", 0.1)


class Loses(ThreadPoolExecutor):
    """Loses each call that it is given, and says so."""

    def __init__(self, told):
        super().__init__(1)
        self.told = told

    def submit(self, function, /, *arguments):
        self.told(arguments)
        future = Future()
        future.set_exception(RuntimeError("the worker of the cluster died"))
        return future


def ended() -> bool:
    return all(row.is_finished or row.status == "BLOCKED" for row in Workflow.objects.all())


@workflow
def beside() -> str:
    return in_a_thread()


@step(atomic=False)
def in_a_thread() -> str:
    return "done"


def test_broken_executor_is_made_anew_and_costs_no_attempt(worker, run_until, said):
    lives = []

    class Breaks(ThreadPoolExecutor):
        def __init__(self):
            super().__init__(4)
            lives.append(self)

        def submit(self, function, /, *arguments):
            if len(lives) > 1:
                return super().submit(function, *arguments)
            future = Future()
            future.set_exception(BrokenProcessPool("a child was killed"))
            return future

    @step(atomic=False, executor="cluster")
    def remote(n: int) -> int:
        return n * current_step().attempt

    @workflow
    def body(n: int) -> int:
        return remote(n)

    worker.know(body)
    with having(cluster=Breaks):
        started = body.start_many([{"n": n} for n in range(10)])
        run_until(ended)
    assert [run.wait(0) for run in started] == list(range(10))
    assert set(Task.objects.values_list("status", "attempt")) == {("COMPLETED", 1)}
    assert len(lives) == 2
    assert said == ["executor 'cluster': a child was killed"]


@pytest.mark.parametrize("how", ["raises", "refuses", "hangs", "makes no executor", "is not there"])
def test_executor_that_cannot_be_used_holds_up_nothing_else(worker, run_until, said, monkeypatch, how):
    monkeypatch.setattr(executors, "LONGEST_SILENCE", 0.3)
    mended = threading.Event()

    class Refuses(ThreadPoolExecutor):
        def submit(self, *_):
            raise RuntimeError("cannot schedule new futures")

    def make():
        if mended.is_set():
            return ThreadPoolExecutor(1)
        if how == "raises":
            raise ExceptionGroup("no scheduler", [ConnectionRefusedError("tcp://away")])
        if how == "hangs":
            mended.wait(20)
        return Refuses() if how == "refuses" else None

    @step(atomic=False, executor="cluster")
    def remote() -> str:
        return f"attempt {current_step().attempt}"

    @workflow
    def body() -> str:
        return remote()

    for known in (body, beside):
        worker.know(known)
    with having(**{} if how == "is not there" else {"cluster": make}):
        away = body.start()
        run_until(lambda: Task.objects.filter(status="PENDING", error__type="pgworkflows.executors:ExecutorUnavailable").exists())
        beside.start()
        run_until(lambda: Workflow.objects.get(name=beside.name).status == "COMPLETED")
        row = Workflow.objects.get(pk=away.pk)
        assert told(row.waiting_for[0]).startswith(f"executor “cluster”, which step {remote.name} needs and which cannot be used")
        assert measure().executors_awaited == 1
    assert said[0].startswith("executor 'cluster': ")
    mended.set()
    if how != "is not there":
        with having(cluster=make):
            run_until(ended)
        assert away.wait(0) == "attempt 1"


def test_what_cannot_be_used_for_an_hour_is_blocked(worker, run_until):
    def make():
        raise OSError("no route")

    @step(atomic=False, executor="cluster")
    def remote() -> None: ...

    @workflow
    def body() -> None:
        remote()

    worker.know(body)
    with having(cluster=make):
        body.start()
        run_until(lambda: Task.objects.filter(status="PENDING").exists())
        error = Task.objects.get().error
        since = datetime.fromisoformat(error["since"]) - timedelta(hours=1, seconds=1)
        Task.objects.update(error=error | {"since": since.isoformat()})
        run_until(lambda: Workflow.objects.get().status == "BLOCKED")
    message = Workflow.objects.get().error["message"]
    assert "met executor 'cluster', which could not be used, for 36" in message
    assert "OSError: no route. Mend it, then retry() it; or cancel() it." in message


def test_call_that_is_lost_each_time_is_blocked_with_the_reason(worker, run_until):
    made = []

    @step(atomic=False, executor="cluster", retry=Retry(max_attempts=9))
    def remote() -> None: ...

    @workflow
    def body() -> None:
        remote()

    for known in (body, beside):
        worker.know(known)
    with having(cluster=lambda: Loses(made.append)):
        lost, other = body.start(), beside.start()
        run_until(ended)
    assert other.wait(0) == "done"
    lost.refresh_from_db()
    assert len(made) == 5
    assert Task.objects.get(workflow=lost).attempt == 1
    assert (
        "was tried 5 times in a row, and each time its call was lost, the last time by builtins:RuntimeError: the worker of"
        in (lost.error["message"])
    )


def test_no_more_calls_fly_than_the_bound_and_others_go_on(worker, run_until):
    at_once, most, let_go = [], [0], threading.Event()

    @step(atomic=False, executor="cluster")
    def remote(n: int) -> int:
        at_once.append(n)
        most[0] = max(most[0], len(at_once))
        let_go.wait(20)
        at_once.remove(n)
        return n

    @workflow
    def body(n: int) -> int:
        return remote(n)

    for known in (body, beside):
        worker.know(known)
    with having(cluster=(lambda: ThreadPoolExecutor(20), 3)):
        body.start_many([{"n": n} for n in range(30)])
        run_until(lambda: len(at_once) == 3 and Workflow.objects.filter(waiting_for__0__kind="ROOM").exists())
        beside.start()
        run_until(lambda: Workflow.objects.get(name=beside.name).status == "COMPLETED")
        let_go.set()
        run_until(ended)
    assert most == [3]
    assert set(Task.objects.values_list("status", "attempt")) == {("COMPLETED", 1)}


class Refused(Exception):  # noqa: N818 - it says what happened
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.hint = "ask again"


@dataclass
class Parcel:
    weight: int


def test_far_side_knows_what_a_thread_knows(worker, run_until):
    @step(atomic=False, executor="cluster", retry=Retry(max_attempts=2, initial=0.01, on=(Refused,)))
    def remote(parcel: Parcel) -> list:
        told = current_workflow(), current_step()
        if told[1].attempt == 1:
            raise Refused(7)
        return [told[0].key, told[0].kwargs["weight"], told[1].attempt, told[1].idempotency_key, parcel.weight]

    undone = []

    @remote.compensation(atomic=False, executor="cluster")
    def undo(parcel: Parcel, *, result: list) -> None:
        undone.append((result[-1], current_step().compensates.idempotency_key, current_step().name))

    @workflow
    def body(weight: int) -> list:
        remote(Parcel(weight))
        raise Refused(8)

    worker.know(body)
    with having(cluster=lambda: ThreadPoolExecutor(2)):
        run = body.using(key="k").start(5)
        run_until(ended)
    task = Task.objects.get(kind="STEP")
    key = task.result[3]
    assert task.result == ["k", 5, 2, key, 5]
    assert undone == [(5, key, f"{remote.name}.compensation")]
    run.refresh_from_db()
    assert (run.status, run.error["fields"]) == ("COMPENSATED", {"hint": "ask again"})


def test_what_cannot_travel_fails_the_step_by_name(worker, run_until):
    @step(atomic=False, executor="cluster")
    def remote(given: object) -> object:
        return "x" * 2_000_000 if given is None else given

    @workflow
    def body(lock: bool) -> str:
        try:
            remote(threading.Lock() if lock else None)
        except (NotStorable, StepFailed) as error:
            return str(error)
        return "nothing was raised"

    worker.know(body)
    with having(cluster=lambda: ThreadPoolExecutor(1)):
        runs = [body.start(True), body.start(False)]
        run_until(ended)
    assert f"the arguments of step {remote.name}" in runs[0].wait(0)
    assert f"the result of step {remote.name}" in runs[1].wait(0)
    assert "MAX_PAYLOAD_BYTES" in runs[1].wait(0)


def test_step_that_the_far_side_does_not_know_waits_and_says_so(worker, run_until):
    @step(atomic=False, executor="cluster")
    def remote() -> str:
        return "made"

    @workflow
    def body() -> str:
        return remote()

    worker.know(body)
    with having(cluster=lambda: ThreadPoolExecutor(1)):
        run = body.start()
        del registry.steps[remote.name]
        run_until(lambda: Workflow.objects.filter(waiting_for__0__kind="EXECUTOR").exists())
        message = Task.objects.get().error["message"]
        assert "it is not known there" in message
        assert "workflows.py of an installed app" in message
        registry.steps[remote.name] = remote
        run_until(ended)
    assert run.wait(0) == "made"
    assert Task.objects.get().attempt == 1


def test_process_of_a_call_over_its_time_is_ended_and_costs_nobody_else(worker, run_until):
    @step(atomic=False, executor="heavy", timeout=0.5)
    def remote() -> None: ...

    @workflow
    def body() -> None:
        remote()

    worker.know(body)
    with having(heavy=processes(1)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(executors, "make_call", never_return)
        body.start_many([{}, {}])
        run_until(ended)
        patch.undo()
    assert {row.error["message"] for row in Workflow.objects.all()} == {f"Timed out: step {remote.name} took longer than 0.5 s."}
    run_until(lambda: worker.pool.stuck() == 0)


def test_cancelled_while_its_call_is_lost_leaves_nothing_to_try(worker, run_until):
    @step(atomic=False, executor="cluster")
    def remote() -> None: ...

    @workflow
    def body() -> None:
        remote()

    worker.know(body)
    with having(cluster=lambda: Loses(lambda _: row.cancel("no longer wanted"))):
        row = body.start()
        run_until(ended)
    row.refresh_from_db()
    assert (row.status, row.crashes) == ("CANCELLED", 0)


@pytest.fixture
def drain(transactional_db):
    """Give a way to run all that can be run of a workflow, and end."""
    worker = SteppedWorker(WorkerOptions(name="test:drains", drain=True, poll_interval=0.05))
    worker._begin()

    def drain(definition) -> int:
        worker.know(definition)
        return worker._loop()

    yield drain
    worker._end()


@pytest.mark.parametrize("times", [1, 4])
def test_drain_waits_for_an_executor_that_is_made_anew(drain, times):
    tries = []

    def make():
        tries.append(1)
        if len(tries) <= times:
            raise ConnectionRefusedError("tcp://away")
        return ThreadPoolExecutor(1)

    @step(atomic=False, executor="cluster")
    def remote(n: int) -> int:
        return n

    @workflow
    def body(n: int) -> int:
        return remote(n)

    with having(cluster=make):
        started = body.start_many([{"n": n} for n in range(10)])
        assert drain(body) == 0
    assert [run.wait(0) for run in started] == list(range(10))


def test_drain_does_what_was_lost_once_more(drain):
    calls = []

    class LosesOne(Loses):
        def submit(self, function, /, *arguments):
            return super().submit(function, *arguments) if not calls else ThreadPoolExecutor.submit(self, function, *arguments)

    @step(atomic=False, executor="cluster")
    def remote() -> str:
        return "done"

    @workflow
    def body() -> str:
        return remote()

    with having(cluster=lambda: LosesOne(calls.append)):
        run = body.start()
        assert drain(body) == 0
    assert (run.wait(0), len(calls)) == ("done", 1)


def test_drain_ends_though_an_executor_stays_away(drain, monkeypatch):
    monkeypatch.setattr(breaker, "LONGEST_MENDING", 0.3)

    @step(atomic=False, executor="cluster")
    def remote() -> str:
        return "done"

    @workflow
    def body() -> str:
        return remote()

    with having(cluster=lambda: None):
        run = body.start()
        assert drain(body) == 0
    run.refresh_from_db()
    assert (run.status, run.waiting_for[0]["kind"]) == ("PENDING", "EXECUTOR")
