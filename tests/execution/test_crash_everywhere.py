"""`crash_everywhere`: silent about a workflow that is right, and plain about one that is not."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from pgworkflows import Retry, current_step, first, gather, sleep, step, wait_for_event, workflow
from pgworkflows.models import Workflow
from pgworkflows.testing import CRASH_POINTS, EffectsDiffer, crash_everywhere, move_clock
from tests.ledger.models import Account, Entry


class Courier:
    """Stands for another system that goes by keys, where it gets one."""

    def __init__(self) -> None:
        self.booked: dict[object, str] = {}

    def book(self, name: str, key: str | None = None) -> str:
        return self.booked.setdefault(key or len(self.booked), name)

    def parcels(self) -> list[str]:
        return list(self.booked.values())


@pytest.fixture
def courier():
    return Courier()


@step
def enter(name: str) -> int:
    return Entry.objects.create(name=name).pk


@pytest.fixture
def sending(courier):
    """Give a workflow with a step of each kind, waits, and a compensation."""

    @step(atomic=False, retry=Retry(max_attempts=2))
    def book(name: str) -> str:
        return courier.book(name, current_step().idempotency_key)

    @step
    def reserve(name: str) -> int:
        return Account.objects.create(name=name).pk

    @reserve.compensation
    def release(name: str, result: int) -> None:
        Account.objects.get(pk=result).delete()

    @workflow(name="tests.sending")
    def body(name: str, fails: bool = False) -> int:
        reserve(name)
        entry = enter(f"{name}/1")
        book(name)
        sleep(timedelta(days=1))
        enter(wait_for_event("signed"))
        if fails:
            raise ValueError(name)
        return entry

    return body


THEN = [lambda run: move_clock(timedelta(days=1)), lambda run: run.send_event("signed", "Grace")]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("database", ["db", "transactional_db"])
def test_right_workflow_passes_everywhere(request, database, courier, sending, fails):
    request.getfixturevalue(database)
    report = crash_everywhere(
        sending, {"name": "cup", "fails": fails}, before=courier.booked.clear, then=THEN, effects=courier.parcels
    )
    assert set(report.crashes) == set(CRASH_POINTS)
    assert report.crashes["before_step"] == 3 + fails
    assert report.crashes["after_outside_call"] == 1
    assert {"ledger.entry.id", "the result"} - report.ignored == ({"the result"} if fails else set())
    assert not Entry.objects.exists()
    assert not Workflow.objects.exists()


def differing(*args, **kwargs):
    with pytest.raises(EffectsDiffer) as raised:
        crash_everywhere(*args, **kwargs)
    assert str(raised.value).startswith("Effects differ from those of the undisturbed run:\n- crash at ")
    return raised.value.differences


#: Where the call was made and its result is not yet committed.
RESULT_LOST = ["before_flush, occurrence 2", "before_commit, occurrence 2", "after_outside_call, occurrence 1"]


def test_outside_call_without_key_is_found(db, courier):
    @step(atomic=False)
    def book(name: str) -> str:
        return courier.book(name)

    @workflow(name="tests.careless")
    def body(name: str) -> None:
        book(name)

    assert differing(body, {"name": "cup"}, before=courier.booked.clear, effects=courier.parcels) == [
        f"- crash at {point}: effects: ['cup', 'cup'] instead of ['cup']" for point in RESULT_LOST
    ]


def test_outside_step_that_writes_twice_is_found(db):
    @step(atomic=False)
    def note(name: str) -> None:
        Entry.objects.create(name=name)

    @workflow(name="tests.forgetful")
    def body(name: str) -> None:
        note(name)

    assert differing(body, {"name": "cup"}) == [
        f"- crash at {point}: ledger.entry: 2 instead of 1 row(s) with name='cup', account_id=None" for point in RESULT_LOST
    ]


def test_effect_after_the_commit_is_found(db):
    told = []

    @step
    def note(name: str) -> None:
        Entry.objects.create(name=name)
        transaction.on_commit(lambda: told.append(name))

    @workflow(name="tests.hopeful")
    def body(name: str) -> None:
        note(name)

    found = differing(body, {"name": "cup"}, before=told.clear, effects=lambda: told)
    assert found == ["- crash at after_commit, occurrence 1: effects: [] instead of ['cup']"]


def test_body_that_does_things_itself_is_found(db):
    told = []

    @workflow(name="tests.talkative")
    def body(name: str) -> None:
        enter(name)
        told.append(name)

    found = differing(body, {"name": "cup"}, before=told.clear, effects=lambda: told)
    assert any("before_flush, occurrence 1: effects: ['cup', 'cup'] instead of ['cup']" in line for line in found)


def test_run_that_does_not_end_is_refused(db, sending):
    with pytest.raises(ValueError, match=r"crash_everywhere\(tests.sending\): the undisturbed run does not end: it is WAITING"):
        crash_everywhere(sending, {"name": "cup"})


def test_effects_that_are_never_the_same(db):
    @workflow(name="tests.plain")
    def body() -> None: ...

    told = []
    with pytest.raises(ValueError, match=r"effects\(\) returned \[1\] and then \[1, 1\] in two undisturbed runs"):
        crash_everywhere(body, before=lambda: told.append(1), effects=lambda: told)


def test_error_of_what_follows_is_told(db, courier):
    def decide(run):
        if courier.booked:
            raise LookupError("already")
        courier.book("x")

    @workflow(name="tests.followed")
    def body() -> None:
        enter("x")

    calm = iter([{}, {}])
    found = differing(
        body, before=lambda: courier.booked.update() if next(calm, None) is None else courier.booked.clear(), then=[decide]
    )
    assert found[0] == "- crash at before_step, occurrence 1: raised LookupError: already"


@pytest.mark.parametrize("came", ["signed", "lost"])
def test_reminders_and_several_events_pass_everywhere(transactional_db, came):
    @workflow(name="tests.reminded")
    def body() -> str:
        received = wait_for_event(
            ["signed", "lost"], timeout=timedelta(days=9), remind_every=timedelta(days=1), remind=partial(enter, "reminder")
        )
        return f"{received.name} {received.payload}"

    then = [lambda run: move_clock(timedelta(days=1)), lambda run: run.send_event(came, 1)]
    report = crash_everywhere(body, then=then)
    assert report.crashes["before_step"] == 1


def test_branches_survive_every_crash(db, courier):
    @step(atomic=False, retry=Retry(max_attempts=2))
    def book(name: str) -> str:
        return courier.book(name, current_step().idempotency_key)

    @workflow(name="tests.branching")
    def body(name: str) -> list[object]:
        def loser() -> None:
            enter("begun")
            try:
                gather(partial(wait_for_event, "never"), partial(sleep, timedelta(days=9)))
            finally:
                enter("cleaned up")

        def nested() -> str:
            enter("nested")
            return first(partial(book, "c"), partial(wait_for_event, "never")).value

        won = first(loser, partial(wait_for_event, "signed"))
        parcels = gather(partial(book, "a"), partial(book, "b"), nested, partial(enter, "d"))
        return [won.index, len(parcels)]

    then = [lambda run: run.send_event("signed")]
    report = crash_everywhere(
        body, {"name": "x"}, before=courier.booked.clear, then=then, effects=lambda: sorted(courier.parcels())
    )
    assert set(report.crashes) == set(CRASH_POINTS)
