"""Texts that are longer than an index, or anybody, can hold: refused where they are given, by name."""

import hashlib

import pytest
from django.test import override_settings

from pgworkflows import (  # fmt: skip
    NotStorable,
    request_approval,
    send_event,
    set_attributes,
    set_state,
    step,
    uuid4,
    wait_for_event,
    workflow,
)
from pgworkflows.models import Event, History, Task, Workflow
from pgworkflows.store.actors import acting_as
from tests.ledger.models import Entry

#: Not compressible, as a customer's note or a traceback: 9,000 characters.
PROSE = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(141))[:9000]


@pytest.fixture
def child():
    @workflow(name="tests.child")
    def child() -> None: ...

    return child


def giving(child):
    return {
        "state": (lambda: set_state(PROSE), "set_state(): the state cannot be stored: it has 9000 bytes, more than 500."),
        "correlation": (lambda: wait_for_event("a", correlation=PROSE), "wait_for_event('a'): the correlation cannot be stored"),
        "event": (lambda: wait_for_event(PROSE), "the name of an event cannot be stored"),
        "key": (lambda: child.using(key=PROSE).start(), "tests.child: the key cannot be stored"),
        "queue": (lambda: child.using(queue=PROSE).start(), "tests.child: the queue cannot be stored"),
        "requester": (lambda: child.using(requested_by=PROSE).start(), "the name of who acts cannot be stored"),
        "title": (lambda: request_approval(PROSE, users=["ann"]), "request_approval(title=) cannot be stored: it has 9000"),
        "policy": (lambda: request_approval("a", policy=PROSE), "request_approval(policy=) cannot be stored"),
        "asked": (lambda: request_approval("a", groups=["a\x00"]), "request_approval(): the name of who is asked cannot"),
        "attribute": (lambda: set_attributes(note=PROSE * 3), "set_attributes() cannot be stored: it is larger than"),
        "description": (
            lambda: request_approval("a", users=["ann"], description=PROSE * 3),
            "request_approval(description=) cannot be stored: it is larger than",
        ),
        "attributes": (
            lambda: request_approval("a", users=["ann"], attributes={"a": PROSE * 3}),
            "request_approval(attributes=) cannot be stored: it is larger than",
        ),
    }


@pytest.mark.parametrize("what", giving(None))
def test_what_a_body_gives_is_refused_by_name(pgworkflows, django_user_model, child, what):
    django_user_model.objects.create_user("ann")
    give, told = giving(child)[what]

    @workflow(name="tests.body")
    def body() -> str:
        try:
            give()
        except NotStorable as error:
            return str(error)
        return "taken"

    started = body.start()
    with override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 20_000}):
        pgworkflows.run_workflows()
    assert started.wait(1).startswith(told)
    assert not Task.objects.filter(workflow=started).exists()
    assert not Workflow.objects.filter(name="tests.child").exists()


def test_body_that_catches_a_refusal_replays(pgworkflows):
    """What was refused is no task, at the first run and on replay alike."""

    @workflow(name="tests.body")
    def body() -> str:
        for attempt in (lambda: set_state(PROSE), lambda: set_attributes(a=PROSE, b=1)):
            try:
                attempt()
            except NotStorable:
                set_state("refused")
        made = str(uuid4())
        wait_for_event("go")
        return made

    with override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 5_000}):
        started = body.start()
        pgworkflows.run_workflows()
        started.send_event("go")
        pgworkflows.run_workflows()
    assert len(started.wait(1)) == 36
    row = Workflow.objects.get()
    assert (row.state, row.attributes) == ("refused", {})


def test_attributes_are_bounded_together(pgworkflows):
    @workflow(name="tests.body")
    def body() -> None:
        for n in range(3):
            set_attributes(**{f"part{n}": PROSE})

    started = body.start()
    with override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 20_000}):
        pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"
    assert started.error["message"].startswith("set_attributes(): all attributes together cannot be stored: it is larger")
    assert list(Workflow.objects.get().attributes) == ["part0", "part1"]


@pytest.mark.parametrize(
    ("send", "told"),
    [
        (lambda _: send_event(PROSE, correlation="c"), "the name of an event cannot be stored: it has 9000 bytes"),
        (lambda _: send_event("paid", correlation=PROSE), "event 'paid': the correlation cannot be stored"),
        (lambda _: send_event("paid", correlation="c", key=PROSE), "event 'paid': the key cannot be stored"),
        (lambda row: row.send_event("paid", key=PROSE), "event 'paid': the key cannot be stored"),
        (lambda row: row.send_event("pa\x00id"), "the name of an event cannot be stored: its text holds a NUL"),
        (lambda row: row.send_event("paid", by=PROSE), "the name of who acts cannot be stored"),
        (lambda row: row.cancel("a\x00"), "cancel.*: the reason cannot be stored: its text holds a NUL"),
        (lambda row: row.cancel(PROSE * 200), "cancel.*: the reason cannot be stored: it is larger than"),
    ],
)
def test_what_is_sent_is_refused_by_name(db, child, send, told):
    started = child.start()
    with pytest.raises(NotStorable, match=told):
        send(started)
    assert not Event.objects.exists()
    assert History.objects.count() == 1


def test_names_of_code_and_people_are_refused_by_name(db):
    with pytest.raises(NotStorable, match="the name of a workflow cannot be stored"):
        workflow(name=PROSE)(lambda: None)
    with pytest.raises(NotStorable, match="the name of a step cannot be stored"):
        step(name=PROSE)(lambda: None)
    with pytest.raises(NotStorable, match="the name of who acts"), acting_as(PROSE):
        pass


def test_longest_texts_fit(pgworkflows):
    """Three of them in one entry of an index, and they do not compress."""
    label = PROSE[:500]

    @workflow(name=label)
    def body() -> None:
        set_state(PROSE[500:1000])
        wait_for_event(label, correlation=PROSE[1000:1500])

    started = body.using(key=PROSE[1500:2000], queue=PROSE[2000:2500]).start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "WAITING"
    send_event(label, correlation=PROSE[1000:1500], key=PROSE[3000:3500])
    pgworkflows.run_workflows()
    assert started.wait(1) is None


def test_long_message_is_cut(pgworkflows):
    """What cannot be rebuilt is told by its message, which a person reads."""

    class TalkativeError(Exception):
        def __str__(self):
            return PROSE * 100

    @step(name="talks")
    def talks() -> None:
        Entry.objects.create(name="x")
        raise TalkativeError

    @workflow(name="tests.body")
    def body() -> None:
        talks()

    started = body.start()
    pgworkflows.run_workflows()
    assert len(Task.objects.get().error["message"]) == 8000
    started.refresh_from_db()
    assert len(started.error["message"]) <= 8000
