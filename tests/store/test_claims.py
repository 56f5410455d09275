"""Taking workflows: in order, never one that another holds, and by the index made for it."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from pgworkflows import workflow
from pgworkflows.models import Event, Task, Workflow
from pgworkflows.models.workflow_row import WorkflowChange
from pgworkflows.store import checkpoints, claims, events, workers
from pgworkflows.store.claims import Known
from pgworkflows.store.connection import query
from pgworkflows.store.records import RecordedTask
from pgworkflows.values.position import Position

KNOWN = Known(["tests.one", "tests.two"], [1, 1], ["", ""], None)


@pytest.fixture
def one(db):
    @workflow(name="tests.one")
    def body(n: int) -> None: ...

    return body


@pytest.fixture
def two(db):
    @workflow(name="tests.two")
    def body(n: int) -> None: ...

    return body


def taken(known=KNOWN, most=100):
    with transaction.atomic():
        return [claimed.id for claimed in claims.claim(query, known, most).workflows]


def test_highest_priority_and_longest_ready_come_first(one, two):
    now = timezone.now()
    late = one.using(run_after=now - timedelta(seconds=5)).start(1)
    urgent = two.using(priority=5).start(2)
    early = two.start(3)
    Workflow.objects.filter(pk=early.pk).update(available_at=now - timedelta(minutes=5))
    Workflow.objects.filter(pk=late.pk).update(available_at=now - timedelta(minutes=1))
    lazy = one.using(priority=-5).start(4)
    assert taken() == [urgent.pk, early.pk, late.pk, lazy.pk]
    assert taken(most=2) == [urgent.pk, early.pk]


def test_what_is_not_yet_due_stays(one, pgworkflows):
    later = one.using(run_after=timezone.now() + timedelta(hours=1)).start(1)
    assert taken() == []
    pgworkflows.move_clock(timedelta(hours=2))
    assert taken() == [later.pk]


def test_only_known_names_versions_and_queues(one, two):
    first, second = one.start(1), two.using(queue="slow").start(2)
    assert taken(Known(["tests.one"], [1], [""], None)) == [first.pk]
    assert taken(Known(["tests.one"], [2], [""], None)) == []
    assert taken(Known(["tests.one", "tests.two"], [1, 1], ["", ""], ["slow"])) == [second.pk]
    assert taken(Known([], [], [], None)) == []


def test_unknown_names_in_front_hide_nothing(one, two):
    two.using(priority=100).start_many([{"n": n} for n in range(300)])
    known = one.start(1)
    assert taken(Known(["tests.one"], [1], [""], None), most=1) == [known.pk]


def test_seconds_to_the_next_one(one):
    assert claims.seconds_to_next(query, KNOWN) is None
    one.using(run_after=timezone.now() + timedelta(minutes=1)).start(1)
    assert 50 < claims.seconds_to_next(query, KNOWN) <= 60


@pytest.fixture
def two_workers(transactional_db, connect):
    """Return claim functions on two real connections with open transactions."""

    def worker():
        connection = connect()

        def execute(sql, parameters=None):
            return connection.execute(sql, parameters).fetchall()

        return connection, lambda most: [w.id for w in claims.claim(execute, KNOWN, most).workflows]

    return worker(), worker()


def test_two_workers_never_take_the_same(two_workers, one):
    started = [row.pk for row in one.start_many([{"n": n} for n in range(10)])]
    (_, first), (_, second) = two_workers
    mine, theirs = first(6), second(6)
    assert len(mine) == 6
    assert set(mine) | set(theirs) == set(started)
    assert not set(mine) & set(theirs)


def test_dead_worker_lets_go_at_once(two_workers, one, watch):
    started = one.start(1)
    (connection, first), (_, second) = two_workers
    assert first(1) == [started.pk]
    assert second(1) == []
    pid = connection.info.backend_pid
    connection.close()
    watch("NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    assert second(1) == [started.pk]


def test_claim_reads_what_was_committed_before_it(two_workers, one):
    started = one.start(1)
    (connection, first), (_, second) = two_workers
    first(1)
    connection.execute("UPDATE pgworkflows_workflow SET available_at = NULL, status = 'WAITING'")
    connection.commit()
    assert second(1) == []
    started.refresh_from_db()
    assert started.status == "WAITING"


@pytest.fixture
def crowded(one, two):
    """Fill the tables with a few thousand rows of all kinds, most of which no verb may read."""
    one.start_many([{"n": n} for n in range(1500)])
    query("UPDATE pgworkflows_workflow SET status = 'COMPLETED', available_at = NULL, finished_at = now()")
    waiting = two.start_many([{"n": n} for n in range(600)])
    query("UPDATE pgworkflows_workflow SET status = 'WAITING', available_at = NULL WHERE name = 'tests.two'")
    tasks = [
        Task(workflow=w, seq=0, kind="EVENT", name="go", status="WAITING", correlation=f"c{n}") for n, w in enumerate(waiting)
    ]
    tasks += [Task(workflow=w, seq=n, kind="STEP", name="x", status="COMPLETED") for w in waiting for n in range(1, 5)]
    Task.objects.bulk_create(tasks)
    Event.objects.bulk_create(Event(workflow=w, name="old", sent_at=w.created_at, delivered_at=w.created_at) for w in waiting)
    one.start_many([{"n": n} for n in range(100)])
    query("ANALYZE pgworkflows_workflow, pgworkflows_task, pgworkflows_event")
    return waiting


IDS = {"ids": []}


@pytest.mark.parametrize(
    ("statement", "parameters", "index"),
    [
        (claims.CLAIM_THESE, IDS, "pgworkflows_workflow_pkey"),
        (claims.CLAIM_OWNED, IDS | {"epochs": [], "owner": 1}, "pgworkflows_workflow"),
        (claims.TASKS, IDS, "pgworkflows_task_one_per_position"),
        (claims.CHILDREN, IDS, "pgworkflows_workflow_pkey"),
        (workers.TAKE_OVER, {"dead": 1, "died": True}, "pgworkflows_workflow_owned"),
    ],
)
def test_hot_statement_uses_its_index(crowded, statement, parameters, index):
    if "ids" in parameters:
        parameters = parameters | {"ids": [w.pk for w in crowded[:3]]}
    plan = "\n".join(row[0] for row in query(f"EXPLAIN {statement}", parameters))
    assert index in plan
    assert "Seq Scan on pgworkflows_workflow" not in plan
    assert "Seq Scan on pgworkflows_task" not in plan
    assert "Seq Scan on pgworkflows_event" not in plan


def ended(row: uuid.UUID, moment: datetime) -> WorkflowChange:
    """Return that a workflow ended then."""
    return WorkflowChange(
        id=row, status="COMPLETED", state="", result="1", error=None, attributes="{}", available_at=None, started_at=moment,
        finished_at=moment, waiting_for="[]", owner_id=None, wake_at=None, epoch=0, crashes=0, cancel_request=None,
        cancel_requested_at=None,
    )  # fmt: skip


SCANS = """
SELECT relname, seq_scan, seq_tup_read FROM pg_stat_xact_user_tables
WHERE relname IN ('pgworkflows_workflow', 'pgworkflows_task', 'pgworkflows_event') AND seq_tup_read > 0
"""


def scans():
    return {name: read for name, _, read in query(SCANS)}


def run_a_batch():
    """Do what a batch of fifty that end does to the tables."""
    claim = claims.claim(query, Known(["tests.one"], [1], [""], None), 50)
    ids = [row.id for row in claim.workflows]
    assert len(ids) == 50
    assert claims.load_events(query, ids) == {}
    task = RecordedTask(Position("", 1), kind="STEP", name="x", status="RUNNING")
    checkpoints.insert_tasks(query, claim.transaction, [(ids[0], task)])
    task.id, task.status = Task.objects.get(workflow=ids[0]).pk, "COMPLETED"
    checkpoints.update_tasks(query, claim.transaction, [(ids[0], task)])
    checkpoints.update_workflows(query, claim.transaction, [ended(row, claim.now) for row in ids])


def test_batch_reads_no_whole_table(crowded):
    before = scans()
    run_a_batch()
    assert scans() == before


FETCHED = """
SELECT relname, idx_tup_fetch FROM pg_stat_xact_user_tables
WHERE relname IN ('pgworkflows_workflow', 'pgworkflows_task', 'pgworkflows_event')
"""


def test_plans_made_while_tables_were_empty_read_little_of_full_ones(one, two):
    tables = "pgworkflows_workflow, pgworkflows_task, pgworkflows_event"
    query(f"TRUNCATE {tables} CASCADE; ANALYZE {tables}")
    one.start_many([{"n": n} for n in range(100)])
    run_a_batch()
    others = two.start_many([{"n": n} for n in range(3000)])
    Task.objects.bulk_create(Task(workflow=w, seq=0, kind="EVENT", name="go", status="WAITING") for w in others)
    Task.objects.bulk_create(Task(workflow=w, seq=1, kind="CHILD", name="x", status="WAITING", child=w) for w in others)
    Event.objects.bulk_create(Event(workflow=w, name="x", sent_at=w.created_at, delivered_at=w.created_at) for w in others)
    before = dict(query(FETCHED))
    run_a_batch()
    read = {table: fetched - before[table] for table, fetched in query(FETCHED)}
    assert read["pgworkflows_task"] < 50
    assert read["pgworkflows_event"] < 50
    assert read["pgworkflows_workflow"] < 500


@pytest.mark.parametrize("verb", ["post", "deliver", "correlated", "look_again", "cancel"])
def test_function_reads_no_whole_table(crowded, verb):
    workflow = crowded[500]
    before = scans()
    if verb == "cancel":
        workflow.cancel("no")
    elif verb == "look_again":
        events.look_again([workflow.pk])
    elif verb == "correlated":
        events.send_event("go", correlation="c500")
        events.deliver()
    else:
        workflow.send_event("go")
        if verb == "deliver":
            events.deliver()
    assert scans() == before


def test_event_by_correlation_reaches_its_wait(crowded):
    events.send_event("go", {"x": 1}, correlation="c500")
    events.deliver()
    assert Event.objects.get(correlation="c500").workflow == crowded[500]
    assert list(Workflow.objects.filter(name="tests.two", available_at__isnull=False)) == [crowded[500]]


def test_subject_s_workflows_are_found_by_index(crowded):
    found = Workflow.objects.filter(subject_label="ledger.account", subject_id="7")
    assert "pgworkflows_workflow_subject" in found.explain()


def test_labels_are_searched_by_index(crowded):
    query("SET LOCAL enable_seqscan = off")
    assert "pgworkflows_workflow_attributes" in Workflow.objects.labelled({"region": "EU"}).explain()
