"""G10: a replay that does not match its record stops as BLOCKED, names both sides, and goes on once the code is right."""

import pytest

from pgworkflows import sleep, step, wait_for_event, workflow
from pgworkflows.models import Task, Workflow
from tests.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


@step
def pack(name: str) -> str:
    Entry.objects.create(name=f"packed {name}")
    return f"packed {name}"


@step
def post(name: str) -> str:
    Entry.objects.create(name=f"posted {name}")
    return f"posted {name}"


def declare(body, version: int = 1):
    """Declare a body under one name, as the next release of the code would."""
    body.__qualname__ = "sending"
    return workflow(name="tests.sending", version=version)(body)


def original():
    def sending() -> str:
        first = pack("tea")
        wait_for_event("go")
        return f"{first}, {post('tea')}"

    return declare(sending)


def other_step():
    def sending() -> str:
        first = post("cup")
        wait_for_event("go")
        return first

    return declare(sending)


def step_removed():
    def sending() -> str:
        wait_for_event("go")
        return post("tea")

    return declare(sending)


def wait_replaced():
    def sending() -> str:
        first = pack("tea")
        sleep(0)
        return first

    return declare(sending)


def ends_before():
    def sending() -> str:
        return pack("tea")

    return declare(sending)


def raises_before():
    def sending() -> str:
        pack("tea")
        raise ValueError("too early")

    return declare(sending)


CHANGES = [
    (other_step, ["STEP test_g10_changed_code_cannot_corrupt.pack", "STEP test_g10_changed_code_cannot_corrupt.post"]),
    (step_removed, ["STEP test_g10_changed_code_cannot_corrupt.pack", "EVENT go"]),
    (wait_replaced, ["EVENT go", "TIMER sleep"]),
    (ends_before, ["EVENT go", "the end of the body"]),
    (raises_before, ["EVENT go", "too early"]),
]


@pytest.mark.parametrize(("changed", "sides"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_it_stops_names_both_and_resumes(pgworkflows, changed, sides):
    started = original().start()
    pgworkflows.run_workflows()
    changed()
    started.send_event("go")
    pgworkflows.run_workflows()
    row = Workflow.objects.get()
    assert row.status == "BLOCKED"
    assert all(side in row.error["message"] for side in sides)
    assert Entry.objects.get().name == "packed tea"
    assert sorted(Task.objects.values_list("kind", "status")) == [("EVENT", "WAITING"), ("STEP", "COMPLETED")]
    original()
    started.retry()
    pgworkflows.run_workflows()
    assert started.wait(1) == "packed tea, posted tea"
    assert Entry.objects.count() == 2


def test_a_new_version_leaves_old_runs_alone(pgworkflows):
    started = original().start()
    pgworkflows.run_workflows()

    def sending() -> str:
        return post("cup")

    second = declare(sending, version=2).start()
    started.send_event("go")
    pgworkflows.run_workflows()
    assert (started.wait(1), second.wait(1)) == ("packed tea, posted tea", "posted cup")
