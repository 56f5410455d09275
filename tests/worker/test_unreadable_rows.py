"""What one row holds stops that workflow alone: neither the worker nor its neighbours."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from pgworkflows import step, wait_for_event, workflow
from pgworkflows.models import Task, Workflow
from pgworkflows.store.retention.guards import amending
from tests.ledger.models import Account, Entry
from tests.workers import rows


@step
def enter(name: str) -> None:
    Entry.objects.create(name=name)


@pytest.fixture
def beside(worker, run_until):
    """Give a function that runs the workflows that there are with a neighbour, and returns what became of the others."""

    @workflow(name="tests.neighbour", priority=-1)
    def neighbour() -> None:
        enter("neighbour")

    worker.know(neighbour)
    worker.agenda.pacing.probation_left, worker.agenda.pacing.size = 0, 10

    def run() -> Workflow:
        neighbour.start()
        run_until(lambda: Workflow.objects.get(name="tests.neighbour").status == "COMPLETED")
        assert Entry.objects.filter(name="neighbour").count() == 1
        return Workflow.objects.exclude(name="tests.neighbour").get()

    return run


@pytest.fixture
def about(worker):
    @workflow(name="tests.about")
    def about() -> None:
        enter("about")

    worker.know(about)
    return about


@pytest.mark.parametrize("subject", ["ledger.account:W7", "a.b.c:7", "ledger.parcel:not-a-uuid"])
def test_subject_that_its_model_cannot_read(about, beside, subject):
    row = about.start()
    with amending("The test"):
        Workflow.objects.filter(pk=row.pk).update(subject_label=subject.split(":")[0], subject_id=subject.split(":")[1])
    found = beside()
    assert found.status == "BLOCKED"
    assert subject in found.error["message"]


def test_subject_whose_key_says_no_in_its_own_way(about, beside, monkeypatch):
    def refuses(value):
        raise ValidationError(["no", "again no"])

    about.using(subject=Account.objects.create()).start()
    monkeypatch.setattr(Account._meta.pk, "to_python", refuses)
    assert beside().status == "BLOCKED"


def test_event_of_our_own_that_says_nothing(about, beside):
    row = about.start()
    rows(
        "INSERT INTO pgworkflows_event (workflow_id, name, payload, sent_at, sent_by, parked) "
        "VALUES (%s, '$timeout', '{}', now(), '', false)",
        row.pk,
    )
    assert beside().status == "BLOCKED"


def test_wait_for_a_child_that_the_record_does_not_name(worker, run_until):
    @workflow(name="tests.parent")
    def parent() -> None:
        child = child_of_it.start()
        wait_for_event("go")
        child.result()

    @workflow(name="tests.child")
    def child_of_it() -> None: ...

    worker.know(parent)
    row = parent.start()
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "WAITING")
    row.send_event("go")
    with amending("The test"):
        Task.objects.filter(workflow=row, kind="CHILD").update(child=None)
    run_until(lambda: Workflow.objects.get(pk=row.pk).status == "BLOCKED")
    assert "does not say which workflow it started" in Workflow.objects.get(pk=row.pk).error["message"]


@pytest.mark.parametrize("column", ["available_at", "deadline"])
@pytest.mark.parametrize("moment", ["-infinity", "infinity", "4000-01-01 BC"])
def test_moment_that_python_cannot_read_is_refused_where_it_is_written(about, column, moment):
    row = about.start()
    with pytest.raises(DatabaseError, match="moments_in_reach"):
        rows(f"UPDATE pgworkflows_workflow SET {column} = %s WHERE id = %s", moment, row.pk)
