"""What a flush writes is what it was given, to the e-mail."""

import json
from dataclasses import asdict

import pytest
from django.db import transaction

from pgworkflows import workflow
from pgworkflows.models import Task, Workflow
from pgworkflows.models.columns import JSONField
from pgworkflows.models.workflow_row import WorkflowChange, columns
from pgworkflows.store import checkpoints, claims
from pgworkflows.store.checkpoints import TransactionGone
from pgworkflows.store.claims import Known
from pgworkflows.store.connection import query
from pgworkflows.store.records import RecordedTask
from pgworkflows.store.workers import register
from pgworkflows.values.position import Position

KNOWN = Known(["tests.one"], [1], [""], None)


@pytest.fixture
def claim(db):
    @workflow(name="tests.one")
    def body() -> None: ...

    body.start()
    with transaction.atomic():
        yield claims.claim(query, KNOWN, 1)


@pytest.mark.parametrize("text", ['say "no"', "back\\slash\\", "{a,b}", "NULL", "", " ", "null\n\ttab", "ü€😀", "'; --", '\\"'])
def test_any_text_is_written_as_it_is(claim, text):
    told = json.dumps({text: text})
    task = RecordedTask(Position("", 1), kind="STEP", name=text, status="COMPLETED", result=told, error="null")
    checkpoints.insert_tasks(query, claim.transaction, [(claim.workflows[0].id, task)])
    written = Task.objects.get()
    assert (written.name, written.result, written.payload) == (text, {text: text}, None)


def test_every_column_of_a_change_is_written(claim):
    worker = register("w", queues=[], definitions={}, direct=False, lease=30)
    (row,) = claim.workflows
    change = WorkflowChange(
        id=row.id, status="RUNNING", state="paid", result="[1]", error='{"type": "x"}', attributes="{}", available_at=None,
        started_at=claim.now, finished_at=None, waiting_for='["it"]', owner_id=worker, wake_at=claim.now, epoch=3, crashes=2,
        cancel_request='{"by": "ann"}', cancel_requested_at=claim.now,
    )  # fmt: skip
    checkpoints.update_workflows(query, claim.transaction, [change])
    json_columns = {field.attname for field in columns(WorkflowChange) if isinstance(field, JSONField)}
    wanted = {name: json.loads(value) if name in json_columns else value for name, value in asdict(change).items()}
    assert Workflow.objects.values(*wanted).get() == wanted


def test_nothing_is_written_for_another_transaction(claim):
    task = RecordedTask(Position("", 1), kind="STEP", name="x", status="COMPLETED")
    with pytest.raises(TransactionGone, match="0 of 1 rows"):
        checkpoints.insert_tasks(query, "1", [(claim.workflows[0].id, task)])
    assert not Task.objects.exists()
