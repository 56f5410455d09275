"""The hot verbs, each with what it may read and the index that it stands on.

The bounds are about twice what was measured. Each row that a verb writes costs a few buffers in the table and in every
index, and its history as much again; a table that is read as a whole costs tens of thousands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from pgworkflows import workflow
from pgworkflows.models import Approval, History, Workflow
from pgworkflows.models.workflow_row import WorkflowChange
from pgworkflows.store import checkpoints, claims, events, health, workers
from pgworkflows.store.connection import query
from pgworkflows.store.records import RecordedTask
from pgworkflows.store.schedules import firing
from pgworkflows.values.position import Position
from tests.explain import crowd

First = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb on the crowd: `prepare` returns the call that is measured."""

    prepare: Callable[[First], Callable[[], Any]]
    most: int
    #: Without it the verb reads more than that; None where PostgreSQL refuses to run it at all.
    index: str | None


def some(first: int, count: int, apart: int = 97) -> list[uuid.UUID]:
    """Return the ids of a few, far from each other."""
    return [uuid.UUID(crowd.workflow_id(first + number * apart)) for number in range(count)]


def load(first: First) -> Callable[[], Any]:
    """Load the tasks and events of a batch of fifty."""
    ids = some(first["finished"], 50, apart=19_997)
    return lambda: (claims.load_tasks(query, ids), claims.load_events(query, ids))


def deliver(first: First) -> Callable[[], Any]:
    """Deliver twenty events to workflows that wait for them."""
    for row in some(first[crowd.WAITS], 20):
        Workflow(pk=row).send_event("go")
    return events.deliver


def deliver_correlated(first: First) -> Callable[[], Any]:
    """Find who waits for an event that was sent under a correlation."""
    events.send_event("go", correlation=f"c{first[crowd.WAITS] + 70_000}")
    return events.deliver


def flush(first: First) -> Callable[[], Any]:
    """Write what twenty workflows of five steps have done."""
    ids = some(first[crowd.BACKLOG], 20)
    transaction = claims.claim_these(execute, ids).transaction
    now = timezone.now()
    steps = [
        (row, RecordedTask(Position("", seq), kind="STEP", name="charge", status="COMPLETED", result="1", finished_at=now))
        for row in ids
        for seq in range(5)
    ]
    changes = [ended(row, now) for row in ids]

    def write() -> None:
        checkpoints.insert_tasks(execute, transaction, steps)
        checkpoints.update_workflows(execute, transaction, changes)

    return write


def ended(row: uuid.UUID, moment: datetime) -> WorkflowChange:
    """Return that a workflow ended then."""
    return WorkflowChange(
        id=row, status="COMPLETED", state="", result="1", error=None, attributes="{}", available_at=None, started_at=moment,
        finished_at=moment, waiting_for="[]", owner_id=None, wake_at=None, epoch=0, crashes=0,
        cancel_request=None, cancel_requested_at=None,
    )  # fmt: skip


def execute(sql: str, parameters: dict[str, Any] | None = None) -> Any:
    """Run one statement as a batch does, where Django can see it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def order() -> Any:
    """Declare the workflow that fills most of the table."""

    @workflow(name=crowd.BACKLOG)
    def body(order: int) -> None: ...

    return body


def start_with_new_key(_: First) -> Callable[[], Any]:
    """Start with a key that nobody has."""
    body = order().using(key="nobody has it")
    return lambda: body.start(order=7)


def start_with_taken_key(_: First) -> Callable[[], Any]:
    """Start with a key that one of a million has."""
    body = order().using(key="k654321")
    return lambda: body.start(order=7)


def take_over(_: First) -> Callable[[], Any]:
    """Take over the twenty calls of a dead worker; a living one has ten thousand."""
    return lambda: workers.take_over(crowd.DEAD_WORKER, by="another")


def look_again(first: First) -> Callable[[], Any]:
    """Look again at twenty waits that a batch has opened."""
    waits = some(first[crowd.WAITS], 20)
    return lambda: events.look_again(waits)


def sweep(_: First) -> Callable[[], Any]:
    """Match a hundred thousand open waits with as many events that nobody waits for."""
    return events.look_again


def look_for_what_is_due(_: First) -> Callable[[], Any]:
    """Find that none of ten thousand schedules is due."""
    add_schedules("1 hour", 10_000)
    return firing.fire_some


def fire(_: First) -> Callable[[], Any]:
    """Start what a hundred of ten thousand schedules are due for."""
    order()
    add_schedules("1 hour", 10_000)
    add_schedules("-1 second", 100)
    return firing.fire_some


def add_schedules(due: str, count: int) -> None:
    """Let so many schedules of an hour come next then."""
    query(SCHEDULES, {"due": due, "count": count, "workflow": crowd.BACKLOG})


SCHEDULES = """
INSERT INTO pgworkflows_schedule (name, workflow, kwargs, format, cron, tz, every, "offset", jitter, overlap, missed, catch_up,
  queue, overridden, edited_by_name, pause_reason, next_at, due_at, last_skips)
SELECT %(due)s || n, %(workflow)s, '{"order": 7}', 1, '', 'UTC', '1 hour', '0', '0', 'skip', 'last', '1 day',
  '', false, '', '', pgworkflows.now() + %(due)s::interval, pgworkflows.now() + %(due)s::interval, '[]'
FROM generate_series(1, %(count)s) n
"""


def history(first: First) -> Callable[[], Any]:
    """Read what happened to one workflow."""
    (row,) = some(first["finished"] + 654_321, 1)
    return lambda: list(History.objects.filter(workflow=row).order_by("id"))


def oldest_wait(_: First) -> Callable[[], Any]:
    """Find out how long the oldest of a hundred thousand waits has been open."""
    return lambda: query(health.OLDEST_WAIT)


def my_approvals(_: First) -> Callable[[], Any]:
    """List what somebody has to decide, among many who have to and after very many that are decided."""
    maria = User.objects.get(username=crowd.MARIA)
    mine = Approval.objects.pending().for_user(maria).order_by("due_at", "id")[:50]
    assert len(mine) == 21
    return lambda: list(mine.all())


VERBS = {
    "load": Verb(prepare=load, most=500, index="pgworkflows_task_one_per_position"),
    "deliver": Verb(prepare=deliver, most=4_000, index="pgworkflows_event_undelivered"),
    "deliver by correlation": Verb(prepare=deliver_correlated, most=400, index="pgworkflows_task_awaited_event"),
    "flush": Verb(prepare=flush, most=3_000, index="pgworkflows_workflow_pkey"),
    "start with a new key": Verb(prepare=start_with_new_key, most=300, index=None),
    "start with a taken key": Verb(prepare=start_with_taken_key, most=300, index=None),
    "take over": Verb(prepare=take_over, most=1_500, index="pgworkflows_workflow_owned"),
    "look again": Verb(prepare=look_again, most=500, index="pgworkflows_event_unasked"),
    "sweep": Verb(prepare=sweep, most=6_000, index=None),
    "look for schedules that are due": Verb(prepare=look_for_what_is_due, most=20, index="pgworkflows_schedule_due"),
    "fire schedules": Verb(prepare=fire, most=10_000, index=None),
    "oldest wait": Verb(prepare=oldest_wait, most=60, index="pgworkflows_task_waiting"),
    "my approvals": Verb(prepare=my_approvals, most=3_000, index=None),
    "workflow history": Verb(prepare=history, most=30, index="pgworkflows_history_workflow"),
}
