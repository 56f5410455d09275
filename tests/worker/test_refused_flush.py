"""A flush that the database refuses, for whatever reason, is charged to its workflow, in the database's own words."""

import pytest

from pgworkflows import current_step, request_approval, set_state, step, wait_for_event, workflow
from pgworkflows.models import History, Task, Workflow
from pgworkflows.testing import run_workflows
from tests.ledger.models import Entry
from tests.workers import rows

#: What a project's own trigger may say, and servers do: classes of errors that Django knows by five different names.
STATES = ["54000", "XX000", "P0001", "0A000", "22001", "23514", "42P01", "42501", "2F004", "ZZ123"]


@pytest.fixture
def refused(transactional_db):
    """Have the database refuse the tasks of one name, with a SQLSTATE."""
    undo = []

    def refuse(sqlstate, name="poison"):
        rows(
            f"CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION 'the house says no to %', NEW.name USING ERRCODE = '{sqlstate}'; END $$"
        )
        rows(
            "CREATE TRIGGER refuse_poison BEFORE INSERT OR UPDATE ON pgworkflows_task FOR EACH ROW "
            f"WHEN (NEW.name = '{name}' AND NEW.status IN ('COMPLETED', 'WAITING')) EXECUTE FUNCTION refuse_poison()"
        )
        undo.append("DROP FUNCTION refuse_poison() CASCADE")

    yield refuse
    for statement in undo:
        rows(statement)


@step
def enter(name: str) -> None:
    Entry.objects.create(name=name)


def atomic():
    @step(name="poison")
    def poison() -> None:
        enter("poison")

    return poison


def outside():
    @step(name="poison", atomic=False)
    def poison() -> str:
        return current_step().idempotency_key

    return poison


def state():
    return lambda: set_state("poison")


def event():
    return lambda: wait_for_event("poison")


def check(started):
    started.refresh_from_db()
    assert started.status == "BLOCKED"
    assert "the house says no to poison" in started.error["message"]
    assert started.error["type"].startswith("psycopg")
    assert not Entry.objects.filter(name="poison").exists()
    assert Task.objects.filter(workflow=started, status="COMPLETED").count() <= 1  # nothing half-written
    assert History.objects.filter(workflow=started.pk, event="block").count() == 1


@pytest.mark.parametrize("sqlstate", STATES)
def test_any_refusal_blocks_its_workflow_and_lets_its_neighbours_go_on(worker, run_until, refused, sqlstate):
    poison = atomic()

    @workflow(name="tests.poisoned")
    def poisoned() -> None:
        enter("before")
        poison()

    @workflow(name="tests.honest")
    def honest(n: int) -> None:
        enter(f"honest {n}")

    for definition in (poisoned, honest):
        worker.know(definition)
    worker.agenda.pacing.probation_left, worker.agenda.pacing.size = 0, 10
    refused(sqlstate)
    started = poisoned.start()
    honest.start_many([{"n": n} for n in range(5)])
    run_until(lambda: Workflow.objects.filter(status="PENDING").count() == 0)
    check(started)
    assert set(Workflow.objects.filter(name="tests.honest").values_list("status", flat=True)) == {"COMPLETED"}
    assert Entry.objects.filter(name__startswith="honest").count() == 5


@pytest.mark.parametrize("make", [atomic, outside, state, event])
def test_any_kind_of_task_can_be_refused(refused, make):
    poison = make()

    @workflow(name="tests.poisoned")
    def poisoned() -> None:
        poison()

    refused("54000")
    started = poisoned.start()
    run_workflows(most_batches=50)
    check(started)


def test_what_was_refused_goes_on_once_the_database_takes_it(refused):
    keys = []

    @step(name="poison", atomic=False)
    def poison() -> int:
        keys.append(current_step().idempotency_key)
        return 7

    @workflow(name="tests.poisoned")
    def poisoned() -> int:
        return poison()

    refused("P0001")
    started = poisoned.start()
    run_workflows(most_batches=50)
    check(started)
    rows("DROP TRIGGER refuse_poison ON pgworkflows_task")
    started.retry()
    run_workflows(most_batches=50)
    assert started.wait(1) == 7
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_refused_approval_is_charged_to_who_asks(refused, django_user_model):
    django_user_model.objects.create_user("ann")

    @workflow(name="tests.poisoned")
    def poisoned() -> None:
        request_approval("poison", users=["ann"])

    refused("54000")
    started = poisoned.start()
    run_workflows(most_batches=50)
    check(started)


def test_what_was_set_aside_keeps_nobody_waiting(transactional_db):
    """A sequence is not rolled back, so that its transaction is lost twice: with others, and alone."""
    rows("CREATE SEQUENCE losses")
    rows(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('losses') <= 2 THEN RAISE EXCEPTION 'canceled' USING ERRCODE = '57014'; END IF; RETURN NEW; END $$"
    )
    rows("CREATE TRIGGER lose BEFORE INSERT ON pgworkflows_task FOR EACH ROW WHEN (NEW.name = 'lost') EXECUTE FUNCTION lose()")

    @workflow(name="tests.following")
    def following() -> None: ...

    @step(name="lost")
    def lost() -> None:
        following.start()

    @workflow(name="tests.losing")
    def losing() -> None:
        lost()

    losing.start()
    try:
        run_workflows()
        assert set(Workflow.objects.values_list("name", "status")) == {
            ("tests.losing", "COMPLETED"), ("tests.following", "COMPLETED")
        }  # fmt: skip
    finally:
        rows("DROP FUNCTION lose() CASCADE")
        rows("DROP SEQUENCE losses")
