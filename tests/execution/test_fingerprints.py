"""Failures of one cause have one fingerprint, on the task and on the run that ended with it."""

import json

import pytest

from pgworkflows import Retry, sleep, step, wait_for_event, workflow
from pgworkflows.execution.errors import describe
from pgworkflows.models import Task, Workflow
from pgworkflows.testing import run_workflows


def fingerprint_of(message, step="shop.charge"):
    return json.loads(describe(LookupError(message), step=step))["fingerprint"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order 77 broke at 0x7f01", "order 1,078.50 broke at 0x9ABC"),
        ("no 550e8400-e29b-41d4-a716-446655440000", "no 7d444840-9dc0-11d1-b245-5ffdce74fad2"),
        ("jane@example.com is unknown", "o.hara+shop@mail.example.org is unknown"),
        ("since 2026-11-28T10:00:00+01:00", "since 2025-01-02T23:59:59"),
        ("commit 4fefe2d19a0c", "commit f468d81ab77e"),
        ("no 'a text that somebody has typed' here", "no 'another one that is as long as it' here"),
        ("declined\nrequest 1", "declined\nfor another reason"),
        ("order77", "order78"),
    ],
)
def test_what_varies_is_left_out(one, other):
    assert fingerprint_of(one) == fingerprint_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("'customer'", "'supplier'"), ("'line1'", "'line2'"), ("can't pay, won't", "can't ship, won't"), ("feed", "dead")],
)
def test_short_names_stay_apart(one, other):
    assert fingerprint_of(one) != fingerprint_of(other)


def test_step_and_class_tell_apart():
    assert fingerprint_of("no") != fingerprint_of("no", step="shop.ship")
    assert json.loads(describe(KeyError("no"), step="shop.charge"))["fingerprint"] != fingerprint_of("no")


def found(order):
    raise LookupError(f"order {order} is gone")


def looked_up(order):
    return json.loads(f"order {order}")  # fails in Python's own code: this function is the innermost of ours


def fingerprints(workflows):
    ended = Workflow.objects.filter(pk__in=[each.pk for each in workflows])
    failed = Task.objects.filter(workflow__in=ended, status=Task.Status.FAILED)
    return {row.error["fingerprint"] for row in ended}, {row.error["fingerprint"] for row in failed}


@pytest.mark.django_db
def test_run_has_the_fingerprint_of_the_attempt_it_failed_with():
    @step
    def find(order: int, by) -> None:
        globals()[by](order)

    @step(atomic=False)
    def call(order: int) -> None:
        found(order)

    @workflow
    def inside(order: int, by: str) -> None:
        find(order, by)

    @workflow
    def outside(order: int) -> None:
        call(order)

    @workflow
    def waits(order: int) -> None:
        wait_for_event("paid", timeout=0)

    @workflow
    def body(order: int) -> None:
        sleep(0)
        found(order)

    causes = [
        [inside.start(order, "found") for order in (1, 22)],
        [inside.start(order, "looked_up") for order in (1, 22)],
        [outside.start(order) for order in (1, 22)],
        [waits.start(order) for order in (1, 22)],
    ]
    by_themselves = [body.start(order) for order in (1, 22)]
    run_workflows()
    seen = set()
    for cause in causes:
        ended, failed = fingerprints(cause)
        assert ended == failed
        assert len(ended) == 1
        seen |= ended
    ended, failed = fingerprints(by_themselves)
    assert (len(ended), failed) == (1, set())
    assert len(seen | ended) == 5


@pytest.mark.django_db
def test_attempt_that_is_followed_by_another_has_it_too():
    @step(retry=Retry(max_attempts=2, initial=3600))
    def find() -> None:
        found(1)

    @workflow
    def once() -> None:
        find()

    row = once.start()
    run_workflows()
    (task,) = row.tasks.all()
    assert task.status == Task.Status.PENDING
    assert len(task.error["fingerprint"]) == 16


@pytest.mark.django_db
def test_error_of_a_class_that_cannot_be_made_again_keeps_it():
    class LocalError(Exception):
        pass

    @step
    def find() -> None:
        raise LocalError("order 1")

    @workflow
    def once() -> None:
        find()

    row = once.start()
    run_workflows()
    row.refresh_from_db()
    assert row.error["type"] == "pgworkflows.exceptions:StepFailed"
    ended, failed = fingerprints([row])
    assert ended == failed
