"""G6: what happened, or may have happened, is undone once, last first, through crashes and refusals."""

import pytest

from pgworkflows import Retry, current_step, step, workflow
from pgworkflows.models import Task, Workflow
from tests.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

CRASHES = [("before_flush", 3), ("before_commit", 3), ("before_commit", 4), ("after_commit", 4), ("after_outside_call", 2)]


class DeclinedError(Exception):
    pass


class Told:
    """What the outside saw, which no rollback takes away."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.undone: list[tuple[str, object, str]] = []


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def order(told):
    @step
    def reserve(sku: str) -> str:
        Entry.objects.create(name=f"reserved {sku}")
        return f"reservation of {sku}"

    @reserve.compensation
    def release(sku: str, result: str) -> None:
        Entry.objects.create(name=f"released {result}")

    @step(atomic=False, retry=Retry(max_attempts=2, initial=0, give_up_on=(DeclinedError,)))
    def charge(how: str) -> str:
        told.keys["charge"] = current_step().idempotency_key
        if how == "lost answer":
            raise TimeoutError("no answer")
        if how == "declined":
            raise DeclinedError("no money")
        return "charge 1"

    @charge.compensation(atomic=False)
    def refund(how: str, result: str | None) -> None:
        told.undone.append((how, result, current_step().compensates.idempotency_key))
        Entry.objects.create(name="refunded")

    @step
    def ship() -> None:
        Entry.objects.create(name="shipped")
        raise RuntimeError("no truck")

    @workflow
    def order(how: str = "paid") -> None:
        reserve("tea")
        reserve("cup")
        charge(how)
        ship()

    return order


def effects() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("name", flat=True))


UNDONE = ["released reservation of cup", "released reservation of tea"]
DONE = ["reserved tea", "reserved cup"]


def test_completed_steps_are_undone_last_first(pgworkflows, order, told):
    order.start()
    pgworkflows.run_workflows()
    assert effects() == [*DONE, "refunded", *UNDONE]
    assert told.undone == [("paid", "charge 1", told.keys["charge"])]
    row = Workflow.objects.get()
    assert (row.status, row.error["message"]) == ("COMPENSATED", "no truck")


def test_an_unknown_outcome_is_undone_with_its_key(pgworkflows, order, told):
    order.start("lost answer")
    pgworkflows.run_workflows()
    assert effects() == [*DONE, "refunded", *UNDONE]
    assert told.undone == [("lost answer", None, told.keys["charge"])]
    assert Workflow.objects.get().error["message"] == "no answer"


def test_a_refusal_is_nothing_to_undo(pgworkflows, order, told):
    order.start("declined")
    pgworkflows.run_workflows()
    assert effects() == [*DONE, *UNDONE]
    assert told.undone == []


@pytest.mark.parametrize(("point", "occurrence"), CRASHES)
def test_a_crash_undoes_nothing_twice(pgworkflows, order, told, point, occurrence):
    order.start()
    with pgworkflows.crash_at(point, occurrence=occurrence):
        pgworkflows.run_workflows()
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "COMPENSATED"
    assert [name for name in effects() if name != "refunded"] == [*DONE, *UNDONE]
    assert len({key for _, _, key in told.undone}) == 1  # at least once, with one key


def test_a_compensation_that_gives_up_blocks_and_resumes(pgworkflows):
    broken = [True]

    @step
    def one(name: str) -> None:
        Entry.objects.create(name=name)

    @one.compensation
    def undo(name: str, result: None) -> None:
        Entry.objects.create(name=f"undone {name}")
        if broken and name == "first":
            raise OSError("the other side is down")

    @workflow
    def body() -> None:
        one("first")
        one("second")
        raise RuntimeError("turn back")

    started = body.start()
    pgworkflows.run_workflows()
    row = Workflow.objects.get()
    assert row.status == "BLOCKED"
    assert "the other side is down" in row.error["message"]
    broken.clear()
    started.retry()
    pgworkflows.run_workflows()
    assert effects() == ["first", "second", "undone second", "undone first"]
    assert Workflow.objects.get().status == "COMPENSATED"
    assert Task.objects.filter(kind="COMPENSATION", status="COMPLETED").count() == 2
