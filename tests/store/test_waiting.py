"""Waiting for a result, and refusing to wait for what cannot come."""

import pytest
from django.db import transaction

from pgworkflows import WaitTimeout, WorkflowFailed, WorkflowNotFound, WouldNeverReturn, sleep, workflow
from pgworkflows.models import Workflow
from pgworkflows.store.workers import register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sleeper():
    @workflow(name="tests.sleeper")
    def body() -> str:
        sleep(60)
        return "slept"

    return body


def test_wait_in_the_transaction_that_started_it_is_refused(sleeper):
    with transaction.atomic():
        started = sleeper.start()
        with pytest.raises(WouldNeverReturn, match="inside the transaction that started it"):
            started.wait(5)


def test_wait_in_a_savepoint_of_that_transaction_is_refused(sleeper):
    with transaction.atomic():
        with transaction.atomic():
            started = sleeper.start()
        with transaction.atomic(), pytest.raises(WouldNeverReturn):
            started.wait(5)


def test_wait_in_another_transaction_times_out(sleeper):
    started = sleeper.start()
    with transaction.atomic():
        sleeper.start()
        with pytest.raises(WaitTimeout) as raised:
            started.wait(0.02)
    still = f"Timed out: workflow tests.sleeper {started.pk} is still PENDING"
    assert str(raised.value) == f"{still}, and no worker is alive: start `manage.py runworkflows`."


@pytest.mark.parametrize(
    ("queues", "definitions", "lack"),
    [
        ([], {}, ", and no live worker knows tests.sleeper version 1: restart them with the code that declares it"),
        (
            [],
            {"tests.sleeper:2": ""},
            ", and no live worker knows tests.sleeper version 1: restart them with the code that declares it",
        ),
        (
            ["slow"],
            {"tests.sleeper:1": ""},
            ", and no live worker that knows it takes queue 'default': start `manage.py runworkflows --queue default`",
        ),
        (["slow", "default"], {"tests.sleeper:1": ""}, ""),
        ([], {"tests.sleeper:1": ""}, ""),
    ],
)
def test_wait_in_vain_says_what_workers_lack(sleeper, queues, definitions, lack):
    started = sleeper.start()
    register("w", queues=queues, definitions=definitions, direct=False, lease=30)
    with pytest.raises(WaitTimeout) as raised:
        started.wait(0)
    assert str(raised.value) == f"Timed out: workflow tests.sleeper {started.pk} is still PENDING{lack}."


def test_ids_that_have_come_round_are_not_ours(execute):
    with transaction.atomic():
        own = int(execute("SELECT pg_current_xact_id()::text")[0][0])
        for writer, ours in ((own, True), (own - 1, False), (own + 2**30, False), (own + 2**31 + 5, False), (3, False)):
            assert execute("SELECT pgworkflows.written_here(%s::text::xid)", writer % 2**32) == [(ours,)]


def test_nothing_is_ours_before_anything_is_written(execute):
    with transaction.atomic():
        assert execute("SELECT pgworkflows.written_here('3'::xid)") == [(False,)]


def test_wait_for_what_did_not_complete(sleeper):
    started = sleeper.start()
    started.cancel("over")
    with pytest.raises(WorkflowFailed) as raised:
        started.wait(1)
    assert str(raised.value) == f"Workflow tests.sleeper {started.pk} ended CANCELLED: no error recorded"


def test_wait_for_what_is_not_there(sleeper):
    with pytest.raises(WorkflowNotFound):
        Workflow(name="tests.sleeper").wait(1)
