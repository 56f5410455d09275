"""Ending workflows, from wherever it is asked for."""

import pytest
from django.db import connection

from pgworkflows import WorkflowFinished, WorkflowNotFound, current_workflow, sleep, step, workflow
from pgworkflows.models import Event, History, Workflow


def in_python(pk):
    Workflow.objects.get(pk=pk).cancel("no more", by="ann")


def in_sql(pk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.cancel(%s, 'no more')", [pk])


@pytest.fixture(params=[in_python, in_sql])
def cancel(request, db):
    return request.param


@pytest.fixture
def sleeper(db):
    @workflow(name="tests.sleeper")
    def body() -> None:
        sleep(60)

    return body


@pytest.fixture
def killer(db, cancel):
    @step(name="tests.kill")
    def kill(which: str) -> None:
        cancel(which or current_workflow().id)

    @workflow(name="tests.killer")
    def body(which: str = "") -> None:
        kill(which)
        sleep(60)

    return body


def statuses():
    return dict(Workflow.objects.values_list("name", "status"))


def test_step_cancels_its_own_workflow(killer, pgworkflows):
    killer.start()
    pgworkflows.run_workflows()
    assert statuses() == {"tests.killer": "CANCELLED"}
    assert History.objects.get(event="cancel").note == "no more"


def test_step_cancels_one_of_its_own_batch(killer, sleeper, pgworkflows):
    killer.start(which=str(sleeper.using(priority=-1).start().pk))
    pgworkflows.run_workflows()
    assert statuses() == {"tests.killer": "WAITING", "tests.sleeper": "CANCELLED"}


def test_step_cancels_one_that_waits(killer, sleeper, pgworkflows):
    waiting = sleeper.start()
    pgworkflows.run_workflows()
    killer.start(which=str(waiting.pk))
    pgworkflows.run_workflows()
    assert statuses() == {"tests.killer": "WAITING", "tests.sleeper": "CANCELLED"}


def test_cancel_outside_takes_effect_at_once(sleeper, cancel, pgworkflows):
    started = sleeper.start()
    pgworkflows.run_workflows()
    cancel(started.pk)
    assert statuses() == {"tests.sleeper": "CANCELLED"}
    assert not Event.objects.exists()


def test_second_cancel_and_unknown_one_are_refused(sleeper):
    started = sleeper.start()
    started.cancel("once")
    with pytest.raises(WorkflowFinished):
        started.cancel("twice")
    gone = Workflow(name="tests.sleeper")
    with pytest.raises(WorkflowNotFound):
        gone.cancel("never was")
