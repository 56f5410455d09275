"""`workflows prune`: what goes, what stays, and what is left of it."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction

from pgworkflows import step, workflow
from pgworkflows.models import Approval, Decision, Event, History, IdempotencyKey, Task, Workflow
from pgworkflows.store.connection import database_now
from pgworkflows.store.retention.pruning import prune_batch
from tests.superuser import OWNER

LONG = timedelta(days=91)


@pytest.fixture
def prune(workflows, pgworkflows):
    """Let everything that is there grow old, and prune it."""

    def run(*words):
        pgworkflows.move_clock(LONG)
        return workflows("prune", "--older-than", "90d", *words)

    return run


def left():
    return set(Workflow.objects.values_list("pk", flat=True))


def test_whole_workflow_goes_and_history_stays(prune, pgworkflows, asking, django_user_model):
    run = asking.start()
    pgworkflows.run_workflows()
    Approval.objects.get().approve(django_user_model.objects.get())
    pgworkflows.run_workflows()
    told = History.objects.filter(workflow=run.pk).count()
    assert prune().splitlines()[-1].startswith("Removed 1 workflows that ended before ")
    assert not any(model.objects.exists() for model in (Workflow, Task, Event, Approval, Decision))
    assert History.objects.filter(workflow=run.pk).count() == told > 0


def test_pruning_leaves_word_of_itself(prune, pgworkflows, quick):
    quick.start_many([{}] * 5)
    pgworkflows.run_workflows()
    prune("--by", "ops", "--batch", "2")
    rows = History.objects.filter(event="prune").order_by("id")
    assert [row.data["workflows"] for row in rows] == [2, 2, 1]
    assert {(row.actor, row.channel, row.workflow) for row in rows} == {("ops", "terminal", None)}
    assert rows[0].note == "2 workflows, their history kept"


def test_unfinished_and_younger_stay(prune, pgworkflows, quick, patient):
    quick.start()
    unfinished = patient.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(days=2))
    younger = quick.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(-timedelta(days=2))
    prune()
    assert left() == {unfinished.pk, younger.pk}


def test_dry_run_only_counts(prune, pgworkflows, quick):
    quick.start_many([{}] * 3)
    pgworkflows.run_workflows()
    assert prune("--dry-run").startswith("3 workflows ended before ")
    assert len(left()) == 3
    assert not History.objects.filter(event="prune").exists()


@pytest.fixture
def family(quick, patient):
    """Give a workflow whose child ends before it, and one that ends before its child."""

    @workflow
    def waits(name: str) -> None:
        quick.start(name)
        patient.start(name).result()

    @workflow
    def leaves(name: str) -> None:
        patient.start(name)

    return waits, leaves


def test_child_stays_while_its_parent_runs(prune, pgworkflows, family):
    run = family[0].start("a")
    pgworkflows.run_workflows()
    assert Workflow.objects.filter(parent=run.pk, status="COMPLETED").count() == 1
    before = left()
    prune()
    assert left() == before
    Workflow.objects.get(name__endswith="patient_one").send_event("go")
    pgworkflows.run_workflows()
    prune()
    assert left() == set()


def test_parent_stays_while_its_child_runs(prune, pgworkflows, family):
    run = family[1].start("a")
    pgworkflows.run_workflows()
    assert Workflow.objects.get(pk=run.pk).status == "COMPLETED"
    prune()
    assert len(left()) == 2


def test_grandchild_stays_with_the_family(prune, pgworkflows, family):
    @workflow
    def top() -> None:
        family[0].start("a").result()

    top.start()
    pgworkflows.run_workflows()
    assert Workflow.objects.filter(status="COMPLETED").count() == 1
    prune()
    assert len(left()) == 4


def test_family_may_span_batches(prune, pgworkflows, quick):
    @workflow
    def body() -> None:
        for name in "abc":
            quick.start(name).result()

    body.start()
    pgworkflows.run_workflows()
    prune("--batch", "1")
    assert left() == set()


def test_old_answers_of_the_api_go_too(prune, execute, django_user_model):
    ann = django_user_model.objects.create_user("ann")
    for days in (0, 200):
        key = IdempotencyKey.objects.create(user=ann, key=f"{days}", method="POST", path="/", body_hash="")
        execute("UPDATE pgworkflows_idempotencykey SET created_at = now() + %s WHERE id = %s", timedelta(days=days), key.pk)
    assert prune().endswith("Removed 1 answers to requests with an Idempotency-Key that are as old.\n")
    assert IdempotencyKey.objects.get().key == "200"


def test_pruned_key_can_be_used_again(prune, pgworkflows, quick):
    first = quick.using(key="k").start("a")
    pgworkflows.run_workflows()
    prune()
    assert quick.using(key="k").start("b").pk != first.pk


def test_what_is_just_retried_stays(session, quick, pgworkflows, transactional_db):
    @step
    def fail() -> None:
        raise ValueError

    @workflow
    def failing() -> None:
        fail()

    failed, done = failing.start(), quick.start()
    pgworkflows.run_workflows()
    session.execute("SELECT FROM pgworkflows_workflow WHERE id = %s FOR NO KEY UPDATE", [failed.pk])
    assert prune_batch(database_now(), most=10).workflows == 1
    assert left() == {failed.pk} != {done.pk}


def test_others_never_see_the_guards_lifted(session, quick, pgworkflows, transactional_db):
    quick.start()
    pgworkflows.run_workflows()
    with transaction.atomic():
        prune_batch(database_now(), most=10)
        with pytest.raises(Exception, match="history is append-only"):
            session.execute("DELETE FROM pgworkflows_history")
        session.rollback()
    with pytest.raises(Exception, match="history is append-only"):
        session.execute("DELETE FROM pgworkflows_history")


def test_pruning_says_of_nobody_that_they_are_no_longer_asked(prune, pgworkflows, asking):
    asking.using(timeout=timedelta(hours=1)).start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(hours=2))
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "FAILED"
    prune()
    assert not Workflow.objects.exists()
    events = set(History.objects.values_list("event", flat=True))
    assert "ask" in events
    assert "unask" not in events


def test_guards_are_back_after_pruning(prune, quick, pgworkflows, execute):
    quick.start()
    pgworkflows.run_workflows()
    prune()
    with pytest.raises(ProgrammingError, match="DELETE on pgworkflows_history is refused: history is append-only"):
        execute("DELETE FROM pgworkflows_history")


def test_only_the_owner_prunes(db, clerk, execute, refused):
    execute("GRANT USAGE ON SCHEMA pgworkflows TO clerk")
    execute("GRANT EXECUTE ON FUNCTION pgworkflows.now TO clerk")
    execute("SET LOCAL ROLE clerk")
    said = refused("prune", "--older-than", "90d")
    execute("RESET ROLE")
    assert said == (
        f"Pruning is for the owner of the tables, '{OWNER}', and this connection acts as 'clerk'. "
        "Connect as the owner, as `manage.py migrate` does."
    )


@pytest.mark.parametrize("words", ["90", "d", "-1d", "1.5d", "90 d", "90w", ""])
def test_ages_that_are_none(refused, words):
    assert "is no length of time, such as 90d, 12h, 30m or 45s" in refused("prune", f"--older-than={words}")


FOREIGN_KEYS = """
SELECT c.conrelid::regclass::text || '.' || a.attname
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid IN (
  'pgworkflows_workflow'::regclass, 'pgworkflows_task'::regclass, 'pgworkflows_approval'::regclass, 'pgworkflows_event'::regclass)
  AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
      AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = '(' || a.attname || ' IS NOT NULL)'))
"""


def test_no_foreign_key_makes_pruning_scan(execute):
    assert execute(FOREIGN_KEYS) == []
