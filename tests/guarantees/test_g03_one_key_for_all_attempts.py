"""G3: an outside step is attempted at least once; every attempt is recorded before it is made, with one key."""

import pytest

from pgworkflows import Retry, current_step, step, workflow
from pgworkflows.execution.batch import run_batch
from pgworkflows.execution.batch_state import Report
from pgworkflows.execution.engine import Engine, known_definitions
from pgworkflows.execution.outside import OutsideCall, perform_inline
from pgworkflows.models import Task, Workflow
from pgworkflows.store import claims, workers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen():
    return []


@pytest.fixture
def paying(seen):
    @step(atomic=False, retry=Retry(max_attempts=3, initial=0.0))
    def pay(fails: int) -> str:
        attempts = Task.objects.get()
        seen.append((current_step().idempotency_key, attempts.status, attempts.attempt))
        if len(seen) <= fails:
            raise ConnectionError("no answer")
        return f"paid at {len(seen)}"

    @workflow
    def paying(fails: int = 0) -> str:
        return pay(fails)

    return paying


def test_each_attempt_is_on_record_with_one_key(pgworkflows, paying, seen):
    started = paying.start(fails=2)
    pgworkflows.run_workflows()
    assert started.wait(1) == "paid at 3"
    assert [(status, attempt) for _, status, attempt in seen] == [("RUNNING", 1), ("RUNNING", 2), ("RUNNING", 3)]
    assert len({key for key, _, _ in seen}) == 1


@pytest.mark.parametrize("point", ["before_outside_call", "after_outside_call", "before_commit"])
def test_the_key_survives_a_crash(pgworkflows, paying, seen, point):
    started = paying.start()
    with pgworkflows.crash_at(point, occurrence=2 if point == "before_commit" else 1):
        pgworkflows.run_workflows()
    pgworkflows.run_workflows()
    assert started.wait(1) == f"paid at {len(seen)}"
    assert len(seen) == (1 if point == "before_outside_call" else 2)
    assert len({key for key, _, _ in seen}) == 1
    assert Task.objects.get().attempt == 1


def test_the_key_survives_a_persons_retry(pgworkflows, paying, seen):
    started = paying.start(fails=3)
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "FAILED"
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(1) == "paid at 4"
    assert len({key for key, _, _ in seen}) == 1


def engine(name: str) -> Engine:
    worker = workers.register(name, queues=[], definitions={}, direct=False, lease=30)
    return Engine(worker_id=worker, name=name, known=known_definitions())


def test_a_late_result_is_thrown_away(paying, seen):
    started, slow, quick = paying.start(), engine("slow"), engine("quick")
    (late,) = run_batch(slow, lambda execute: claims.claim(execute, slow.known, 5)).calls
    come_back(slow, late)
    workers.take_over(slow.worker_id, by="quick")
    (again,) = run_batch(quick, lambda execute: claims.claim_suspects(execute, quick.known, claims.TOGETHER, 5), alone=True).calls
    assert go_on(slow).claimed == 0
    assert Task.objects.get().status == "RUNNING"
    come_back(quick, again)
    go_on(quick)
    assert started.wait(1) == "paid at 2"


def test_a_late_result_calls_nobody_again(paying, seen):
    started, back = paying.start(), engine("stopped and back")
    (late,) = run_batch(back, lambda execute: claims.claim(execute, back.known, 5)).calls
    workers.take_over(back.worker_id, by="another")
    (now,) = run_batch(back, lambda execute: claims.claim_suspects(execute, back.known, claims.TOGETHER, 5), alone=True).calls
    come_back(back, late)
    assert (go_on(back).claimed, go_on(back).calls) == (0, [])
    come_back(back, now)
    go_on(back)
    assert (started.wait(1), len(seen)) == ("paid at 2", 2)


def come_back(one: Engine, call: OutsideCall) -> None:
    one.results[call.key] = perform_inline(call)


def go_on(one: Engine) -> Report:
    return run_batch(one, lambda execute: claims.claim_owned(execute, one.results, one.worker_id))
