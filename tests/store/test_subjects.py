"""The business row and its workflows, in both directions, whatever its key is."""

import pytest
from django.contrib.contenttypes.models import ContentType

from pgworkflows import current_workflow, workflow
from pgworkflows.models import History, Workflow
from tests.ledger.models import Account, Entry, Parcel, Ticket

MAKERS = {
    "integer key": lambda: Account.objects.create(),
    "text key": lambda: Ticket.objects.create(code="A-1:b"),
    "uuid key": lambda: Parcel.objects.create(),
}


@pytest.fixture
def body(db):
    @workflow(name="tests.body")
    def body() -> str:
        subject = current_workflow().subject
        return f"{subject!r} {subject.pk}" if subject is not None else "none"

    return body


@pytest.fixture(params=MAKERS)
def row(request, body):
    MAKERS[request.param]()  # another one, that nothing may be found for
    if request.param == "text key":
        return Ticket.objects.create(code="7")
    return MAKERS[request.param]()


def test_row_knows_its_workflows(row, body):
    started = body.using(subject=row).start()
    body.start()
    assert list(row.workflows.all()) == [started] == list(Workflow.objects.for_subject(row))
    assert started.subject_label == row._meta.label_lower
    assert started.subject_id == str(row.pk)
    assert Workflow.objects.get(pk=started.pk).subject == row


def test_rows_are_found_by_their_workflows(row, body):
    body.using(subject=row).start()
    model = type(row)
    assert list(model.objects.filter(workflows__status="PENDING")) == [row]
    assert list(model.objects.filter(workflows__name="tests.other")) == []
    assert model.objects.filter(workflows=None).count() == model.objects.count() - 1
    assert list(model.objects.exclude(workflows__status="PENDING").filter(pk=row.pk)) == []


def test_workflows_are_prefetched(row, body, django_assert_num_queries):
    started = body.using(subject=row).start()
    ContentType.objects.get_for_model(row)
    with django_assert_num_queries(2):
        found = {found.pk: list(found.workflows.all()) for found in type(row).objects.prefetch_related("workflows")}
    assert found.pop(row.pk) == [started]
    assert set(map(tuple, found.values())) <= {()}


def test_subjects_are_prefetched(row, body):
    body.using(subject=row).start()
    assert Workflow.objects.prefetch_related("subject").get().subject == row


def test_deleted_row_keeps_its_workflows(row, body):
    started, label, key = body.using(subject=row).start(), row._meta.label_lower, str(row.pk)
    row.delete()
    type(row).objects.all().delete()
    started = Workflow.objects.get(pk=started.pk)
    assert (started.subject_label, started.subject_id, started.subject) == (label, key, None)
    assert History.objects.filter(workflow=started.pk).count() == 1


def test_deleted_type_keeps_its_workflows(row, body):
    started = body.using(subject=row).start()
    ContentType.objects.get_for_model(row).delete()
    ContentType.objects.clear_cache()
    started = Workflow.objects.get(pk=started.pk)
    assert (started.subject_type, started.subject_id) == (None, str(row.pk))
    assert list(Workflow.objects.for_subject(row)) == [started]


def test_row_without_relation_is_a_subject_too(body):
    entry = Entry.objects.create(name="plain")
    started = body.using(subject=entry).start()
    assert list(Workflow.objects.for_subject(entry)) == [started]


def test_same_key_in_another_table_is_another_subject(body):
    account, ticket = Account.objects.create(pk=7), Ticket.objects.create(code="7")
    body.using(subject=account).start()
    assert list(ticket.workflows.all()) == list(Workflow.objects.for_subject(ticket)) == []


def test_body_sees_its_subject_by_reference(row, body, pgworkflows):
    started = body.using(subject=row).start()
    pgworkflows.run_workflows()
    assert started.wait(1) == f"<{row._meta.label} {row.pk!r}> {row.pk}"


def test_unsaved_subject_is_refused(body):
    with pytest.raises(ValueError, match=r"tests.body: the subject .* has not been saved yet. Save it first."):
        body.using(subject=Account())


def test_related_manager_adds_nothing_by_accident(row, body):
    assert row.workflows.count() == 0
    assert not row.workflows.exists()
    assert row.workflows.unfinished().count() == 0


def test_scopes_find_what_they_are_named_for(body, pgworkflows):
    done, open_one = body.start(), body.start()
    done.cancel("over")
    assert list(Workflow.objects.unfinished()) == [open_one]
    assert list(Workflow.objects.waiting()) == list(Workflow.objects.blocked()) == []
    done.refresh_from_db()
    assert (done.is_finished, open_one.is_finished) == (True, False)
