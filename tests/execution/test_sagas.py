"""Undoing: what, in which order, and how often."""

from datetime import timedelta

import pytest

from pgworkflows import Retry, WaitTimeout, current_step, sleep, step, wait_for_event, workflow
from pgworkflows.models import History, Task
from tests.ledger.models import Entry


class RefusedError(Exception):
    """Nothing happened on the other side."""


class OtherError(Exception):
    """Not to be compensated."""


@pytest.fixture
def saga():
    """Declare `book` (atomic), `charge` (outside) and a workflow; what they do is in `log`."""
    return Saga()


class Saga:
    def __init__(self, **options):
        self.log, self.fault, self.undo_fault, self.end = [], None, None, ValueError("end")
        self.wait = False

        @step(name="book")
        def book(place: str) -> str:
            Entry.objects.create(name=place)
            return f"seat in {place}"

        @book.compensation
        def free(place: str, *, result: str) -> None:
            self.log.append(("free", place, result))
            Entry.objects.filter(name=place).delete()
            if self.undo_fault:
                raise self.undo_fault

        @step(name="charge", atomic=False, retry=Retry(max_attempts=2, initial=0, give_up_on=(RefusedError,)))
        def charge(units: int) -> str:
            self.log.append(("charge", units, current_step().idempotency_key))
            if self.fault:
                raise self.fault
            return "paid"

        @charge.compensation(atomic=False)
        def refund(units: int, *, result: str | None) -> None:
            self.log.append(("refund", units, result, current_step().compensates.idempotency_key))

        @workflow(compensate_on=(ValueError, WaitTimeout, ConnectionError, RefusedError))
        def trip() -> str:
            book("rome")
            book("paris")
            charge(5)
            if self.wait:
                wait_for_event("go")
            if self.end:
                raise self.end
            return "there"

        self.trip = trip


def test_compensations_run_last_in_first_out(pgworkflows, saga):
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "COMPENSATED"
    assert started.error["message"] == "end"
    key = saga.log[0][2]
    assert saga.log == [
        ("charge", 5, key), ("refund", 5, "paid", key), ("free", "paris", "seat in paris"), ("free", "rome", "seat in rome"),
    ]  # fmt: skip
    assert not Entry.objects.exists()


def test_turning_back_is_committed_first(pgworkflows, saga):
    saga.trip.start()
    pgworkflows.run_workflows()
    events = list(History.objects.order_by("id").values_list("event", flat=True))
    assert events.index("compensate") < events.index("finish_compensation")
    undone = History.objects.filter(event="task_complete", note__startswith="COMPENSATION").order_by("id")
    turned = History.objects.get(event="compensate")
    assert len(undone) == 3
    assert undone[0].id > turned.id


def test_unknown_outcome_is_compensated_without_result(pgworkflows, saga):
    saga.fault = ConnectionError("no answer")
    saga.trip.start()
    pgworkflows.run_workflows()
    keys = {entry[2] for entry in saga.log if entry[0] == "charge"}
    assert len(keys) == 1
    assert ("refund", 5, None, keys.pop()) in saga.log
    assert len(saga.log) == 5


def test_refusal_is_not_compensated(pgworkflows, saga):
    saga.fault = RefusedError("no money")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "COMPENSATED"
    assert [entry[0] for entry in saga.log] == ["charge", "free", "free"]


def test_other_errors_wait_for_a_person(pgworkflows, saga):
    saga.end = OtherError("hm")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, len(saga.log)) == ("FAILED", 1)
    started.compensate("undo it", by="ann")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, len(saga.log)) == ("COMPENSATED", 4)
    assert History.objects.get(event="compensate").actor == "ann"


def test_used_up_compensation_blocks_and_continues(pgworkflows, saga):
    saga.undo_fault = RuntimeError("printer on fire")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert started.error["message"] == "printer on fire"
    saga.undo_fault = None
    started.retry(by="ann")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.error["message"]) == ("COMPENSATED", "end")
    assert [entry[0] for entry in saga.log] == ["charge", "refund", "free", "free", "free"]


def test_cancel_whose_undoing_was_stuck_ends_without_an_error(pgworkflows, saga):
    saga.wait, saga.undo_fault = True, RuntimeError("printer on fire")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.cancel("no more")
    pgworkflows.run_workflows()
    for fault in (RuntimeError("no paper"), None):
        saga.undo_fault = fault
        started.retry()
        pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.error) == ("CANCELLED", None)


def test_failure_without_undoing_is_failed(pgworkflows):
    @workflow
    def body() -> None:
        raise ValueError("x")

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"


def test_retry_goes_on_with_the_same_key(pgworkflows, saga):
    saga.fault, saga.end = OtherError("later"), None
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"
    saga.fault = None
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(0) == "there"
    assert len(saga.log) == 3
    assert len({entry[2] for entry in saga.log}) == 1
    assert Entry.objects.count() == 2


def test_cancel_between_retry_and_run_still_refunds(pgworkflows, saga):
    saga.fault = OtherError("later")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.retry()
    started.cancel("changed my mind")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "CANCELLED"
    assert [entry[0] for entry in saga.log] == ["charge", "charge", "refund", "free", "free"]


@pytest.mark.parametrize(("compensate", "left"), [(True, 0), (False, 2)])
def test_cancel_ends_with_and_without_undoing(pgworkflows, saga, compensate, left):
    saga.wait = True
    started = saga.trip.start()
    pgworkflows.run_workflows()
    started.cancel("enough", compensate=compensate, by="ann")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, Entry.objects.count()) == ("CANCELLED", left)
    row = History.objects.filter(workflow=started.id, event="cancel").get()
    assert (row.actor, row.note) == ("ann", "enough")
    assert not Task.objects.filter(status="WAITING").exists()


@pytest.mark.parametrize("steps", [True, False])
@pytest.mark.parametrize("compensate", [True, False])
def test_cancel_reaches_the_children(pgworkflows, saga, steps, compensate):
    saga.wait = True

    @step
    def own() -> None:
        """Something to undo."""

    @own.compensation
    def undo(*, result: None) -> None:
        """Undo it."""

    @workflow
    def parent() -> None:
        if steps:
            own()
        saga.trip.start().result()

    started = parent.start()
    pgworkflows.run_workflows()
    started.cancel("all of it", compensate=compensate)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    child = started.children.get()
    assert (started.status, child.status) == ("CANCELLED", "CANCELLED")
    assert Entry.objects.count() == (0 if compensate else 2)


def test_cancel_before_anything_happened(pgworkflows, saga):
    started = saga.trip.start()
    started.cancel("never mind")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, saga.log) == ("CANCELLED", [])


def test_time_limit_undoes_what_happened(pgworkflows, saga):
    saga.wait = True
    started = saga.trip.using(timeout=timedelta(hours=1)).start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(hours=2))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "COMPENSATED"
    assert len(saga.log) == 4
    assert started.error["type"] == "pgworkflows.exceptions:WaitTimeout"
    assert started.error["message"] == f"Timed out: the time limit of workflow {started.name}."


def test_undoing_over_many_batches_keeps_the_error(pgworkflows, saga, settings):
    settings.PGWORKFLOWS = {"BATCH_SECONDS": 0}
    saga.wait = True
    started = saga.trip.using(timeout=timedelta(hours=1)).start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(hours=2))
    assert pgworkflows.run_workflows().batches >= 4
    started.refresh_from_db()
    assert started.status == "COMPENSATED"
    assert started.error["type"] == "pgworkflows.exceptions:WaitTimeout"


def test_compensation_backs_off_past_the_time_limit(pgworkflows):
    attempts = []

    @step
    def book() -> None:
        """Book it."""

    @book.compensation(retry=Retry(max_attempts=2, initial=60, jitter=False))
    def free(*, result: None) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError

    @workflow(timeout=10)
    def body() -> None:
        book()
        sleep(3600)

    started = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(seconds=20))
    pgworkflows.run_workflows()
    assert len(attempts) == 1
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, len(attempts)) == ("COMPENSATED", 2)


def test_slow_async_step_times_out(pgworkflows):
    import asyncio

    @step(atomic=False, timeout=0.01, name="slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    @workflow
    def body() -> str:
        try:
            slow()
        except WaitTimeout as error:
            return str(error)

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(0) == "Timed out: step slow took longer than 0.01 s."


def test_retry_after_a_note_tries_the_step_again(pgworkflows):
    from pgworkflows import set_state

    working = []

    @step
    def charge() -> None:
        if not working:
            raise OtherError("declined")

    @workflow(compensate_on=())
    def body() -> str:
        try:
            charge()
        except OtherError:
            set_state("DECLINED")
            raise
        set_state("PAID")
        return "ok"

    started = body.start()
    pgworkflows.run_workflows()
    working.append(True)
    started.retry()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.state) == ("COMPLETED", "PAID")
    states = History.objects.filter(event="state").order_by("id").values_list("state", flat=True)
    assert list(states) == ["DECLINED", "PAID"]


def test_vanished_compensation_blocks_and_continues(pgworkflows, saga):
    from pgworkflows.definitions.registry import registry

    saga.end = OtherError("x")
    started = saga.trip.start()
    pgworkflows.run_workflows()
    gone = registry.steps.pop("charge")
    started.compensate("undo")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    registry.steps["charge"] = gone
    started.retry()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "COMPENSATED"


@pytest.mark.parametrize("verb", ["retry", "compensate"])
def test_finished_workflows_refuse_the_verbs(pgworkflows, verb):
    from pgworkflows import WorkflowFinished

    @workflow
    def body() -> None:
        """Nothing."""

    started = body.start()
    pgworkflows.run_workflows()
    with pytest.raises(WorkflowFinished) as error:
        getattr(started, verb)(*["why"] * (verb == "compensate"))
    assert str(error.value) == (
        f"Cannot {verb} workflow {started.id}: it is COMPLETED. Start a new workflow if the work has to be done again."
    )


def test_late_result_is_recorded_before_undoing(pgworkflows, saga):
    calls = []

    @step(atomic=False)
    def slow(n: int) -> str:
        calls.append(n)
        pgworkflows.move_clock(timedelta(hours=2))
        return "late"

    @slow.compensation
    def undo(n: int, *, result: str | None) -> None:
        calls.append(result)

    @workflow(timeout=timedelta(hours=1))
    def body() -> None:
        slow(1)
        slow(2)

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, calls) == ("COMPENSATED", [1, "late"])
