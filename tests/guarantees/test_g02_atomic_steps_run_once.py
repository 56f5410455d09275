"""G2: a step's rows, its checkpoint and all that it sent commit together or not at all."""

import pytest
from django.db import IntegrityError

from pgworkflows import send_event, set_state, sleep, step, wait_for_event, workflow
from pgworkflows.models import Event, History, Task, Workflow
from tests.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

INSIDE = ["before_step", "after_step", "before_flush", "before_commit", "after_commit"]


@pytest.fixture
def three():
    @workflow
    def other(name: str) -> None:
        write(name)

    @step
    def write(name: str) -> str:
        Entry.objects.create(name=name)
        return name

    @step
    def send(name: str) -> None:
        Entry.objects.create(name=name)
        other.start("other")
        send_event("sent", correlation="c")

    @workflow
    def three() -> str:
        set_state("BEGUN")
        write("one")
        send("two")
        return write("three")

    return three


def names() -> list[str]:
    return sorted(Entry.objects.values_list("name", flat=True))


@pytest.mark.parametrize("point", INSIDE)
@pytest.mark.parametrize("occurrence", [1, 2])
def test_every_effect_once_whatever_the_crash(pgworkflows, three, point, occurrence):
    started = three.start()
    with pgworkflows.crash_at(point, occurrence=occurrence):
        pgworkflows.run_workflows()
    pgworkflows.run_workflows()
    assert names() == ["one", "other", "three", "two"]
    assert Event.objects.count() == 1
    assert Workflow.objects.filter(status="COMPLETED").count() == 2
    told = History.objects.filter(workflow=started.pk).order_by("id").values_list("event", flat=True)
    assert sorted(told) == sorted(["start", "state", *["task_complete"] * 3, "complete"])


@pytest.mark.parametrize("point", ["before_flush", "before_commit"])
def test_a_crash_before_the_commit_leaves_nothing(pgworkflows, three, point):
    three.start()
    with pgworkflows.crash_at(point):
        pgworkflows.run_workflows()
    assert names() == []
    assert not Task.objects.exists()
    assert not Event.objects.exists()
    assert Workflow.objects.get().status == "PENDING"
    assert History.objects.count() == 1


def test_a_refused_commit_costs_only_who_is_to_blame(pgworkflows):
    @step
    def write(name: str, account: int | None) -> None:
        Entry.objects.create(name=name, account_id=account)  # the foreign key is checked at COMMIT

    @workflow
    def body(name: str, account: int | None = None) -> None:
        write(name, account)
        sleep(3600)

    good, bad = body.start("good"), body.start("bad", 999_999)
    pgworkflows.run_workflows()
    good.refresh_from_db(), bad.refresh_from_db()
    assert (good.status, bad.status, names()) == ("WAITING", "FAILED", ["good"])
    assert bad.error["type"] == f"{IntegrityError.__module__}:{IntegrityError.__qualname__}"


def test_an_event_is_taken_with_what_follows(pgworkflows):
    @step
    def write(name: str) -> None:
        Entry.objects.create(name=name)

    @workflow
    def body() -> None:
        write(wait_for_event("go"))

    started = body.start()
    started.send_event("go", "once")
    with pgworkflows.crash_at("before_commit"):
        pgworkflows.run_workflows()
    assert Event.objects.filter(task=None).count() == 1
    pgworkflows.run_workflows()
    assert names() == ["once"]
    assert not Event.objects.filter(task=None).exists()
