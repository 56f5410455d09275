"""What a body records besides its steps."""

from datetime import timedelta

import pytest

from pgworkflows import NotAllowed, now, random, set_attributes, set_state, sleep, step, uuid4, wait_for_event, workflow
from pgworkflows.models import History, Task, Workflow


def test_values_are_the_same_on_replay(pgworkflows):
    seen = []

    @workflow
    def body() -> None:
        seen.append((now(), uuid4(), random()))
        sleep(60)

    body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert seen[0][0].tzinfo is not None
    assert 0 <= seen[0][2] < 1


def test_payload_is_the_users_alone(pgworkflows):
    @step
    def take(order: str) -> None: ...

    @take.compensation
    def give_back(order: str, result: None) -> None: ...

    @workflow
    def child() -> None: ...

    @workflow
    def body() -> None:
        take("D7")
        child.start().result()
        wait_for_event("go", correlation="order-7")
        raise ValueError

    started = body.start()
    pgworkflows.run_workflows()
    started.send_event("go")
    pgworkflows.run_workflows()
    kept = Task.objects.filter(workflow=started).order_by("seq")
    assert list(kept.values_list("kind", "payload", "child__parent", "correlation", "compensates__seq")) == [
        ("STEP", {"order": "D7"}, None, None, None),
        ("CHILD", None, started.pk, None, None),
        ("EVENT", None, None, "order-7", None),
        ("COMPENSATION", None, None, None, 1),
    ]


def test_every_state_leaves_a_row_in_order(pgworkflows):
    @workflow
    def body() -> None:
        for state in ("A", "B", "A", "A", "C"):
            set_state(state)
        sleep(60)
        set_state("D")

    started = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    rows = History.objects.filter(workflow=started.id, event="state").order_by("id").values_list("state", flat=True)
    assert list(rows) == ["A", "B", "A", "A", "C", "D"]
    assert Workflow.objects.get().state == "D"


def test_attributes_are_merged_once(pgworkflows):
    @workflow
    def body() -> None:
        set_attributes(region="north", size=1)
        sleep(60)
        set_attributes(size=2)

    started = body.using(attributes={"vip": True}).start()
    pgworkflows.run_workflows()
    Workflow.objects.update(attributes={"region": "south", "by": "a person"})
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.attributes == {"region": "south", "by": "a person", "size": 2}


VERBS = [lambda: set_state("x"), now, uuid4, random, lambda: sleep(1), lambda: set_attributes(a=1)]


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_are_for_bodies(verb):
    told = r"\(\) is for a workflow's body: only there it can be recorded\. Call it outside steps\."
    with pytest.raises(NotAllowed, match=told):
        verb()


def test_dictionaries_keep_one_order(pgworkflows):
    from pgworkflows import step

    seen = []

    @step
    def stock() -> dict[str, int]:
        return {"zebra": 1, "ox": 2, "bear": 3, "é": 4}

    @workflow
    def body() -> None:
        seen.append(list(stock()))
        sleep(60)

    body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert seen[0] == seen[1]
