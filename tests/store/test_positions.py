"""A task is known by its workflow, its branch and its place there; a call by that, its claim and its attempt."""

from dataclasses import replace

import pytest
from django.db import transaction

from pgworkflows import workflow
from pgworkflows.models import Event, Task, Workflow
from pgworkflows.store import checkpoints, claims, workers
from pgworkflows.store.checkpoints import TransactionGone
from pgworkflows.store.claims import CallKey
from pgworkflows.store.connection import query
from pgworkflows.store.records import RecordedTask
from pgworkflows.values.position import Position

BODY, BRANCH = Position("", 1), Position("1.2", 1)


@pytest.fixture
def started(db):
    @workflow(name="tests.one")
    def body() -> None: ...

    return body.start_many([{}, {}])


@pytest.fixture
def claim(started):
    with transaction.atomic():
        yield claims.claim_these(query, [row.pk for row in started])


def waits(position: Position) -> RecordedTask:
    return RecordedTask(position=position, kind="EVENT", name="go", status="WAITING")


def test_same_place_in_two_branches_is_two_tasks(claim, started):
    run = started[0]
    checkpoints.insert_tasks(query, claim.transaction, [(run.pk, waits(BODY)), (run.pk, waits(BRANCH))])
    loaded = claims.load_tasks(query, [run.pk])[run.pk]
    assert [task.position for task in loaded] == [BODY, BRANCH]
    run.send_event("go")
    event = Event.objects.get()
    checkpoints.consume_events(query, [(event.pk, run.pk, BRANCH)])
    event.refresh_from_db()
    assert event.task_id == Task.objects.get(branch="1.2").pk


def test_task_is_updated_by_its_workflow_and_its_id(claim, started):
    checkpoints.insert_tasks(query, claim.transaction, [(started[0].pk, waits(BODY))])
    (task,) = claims.load_tasks(query, [started[0].pk])[started[0].pk]
    done = replace(task, status="COMPLETED")
    with pytest.raises(TransactionGone, match="0 of 1 rows"):
        checkpoints.update_tasks(query, claim.transaction, [(started[1].pk, done)])
    checkpoints.update_tasks(query, claim.transaction, [(started[0].pk, done)])
    assert Task.objects.get().status == "COMPLETED"


def test_workflow_with_several_calls_is_claimed_once(started):
    owner = workers.register("tests", queues=[], definitions={}, direct=False, lease=30)
    Workflow.objects.filter(pk=started[0].pk).update(status="RUNNING", owner=owner, epoch=3, available_at=None)
    calls = {CallKey(started[0].pk, 3, position, 1) for position in (BODY, BRANCH)}
    late = CallKey(started[0].pk, 2, BODY, 1)
    with transaction.atomic():
        assert [row.id for row in claims.claim_owned(query, {*calls, late}, owner).workflows] == [started[0].pk]
    assert claims.still_owned(query, {*calls, late}, owner) == calls


def test_position_is_told_with_its_branch():
    assert [str(position) for position in (BODY, BRANCH, BRANCH.next)] == ["1", "1.2/1", "1.2/2"]
    assert BRANCH.next.is_after(BRANCH)
    assert not BRANCH.next.is_after(BODY)
