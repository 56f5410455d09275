"""G8: every change leaves exactly one row, whoever makes it, and nobody can change or remove it."""

import pytest
from django.db import Error, connection, transaction

from pgworkflows import Retry, acting_as, set_state, step, wait_for_event, workflow
from pgworkflows.models import History, Workflow
from tests.workers import rows

pytestmark = pytest.mark.django_db(transaction=True)

# Row by row and by itself, beside the statement-level triggers that are to be checked.
WATCH = """
CREATE TABLE seen (n serial, workflow uuid, changed text, was text, now text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'pgworkflows_task' THEN
    IF NEW.kind <> 'STATE' AND (TG_OP = 'INSERT' OR NEW.status <> OLD.status OR NEW.attempt > OLD.attempt) THEN
      INSERT INTO seen (workflow, changed, was, now)
      VALUES (NEW.workflow_id, 'task', CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE '' END, NEW.status);
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' OR NEW.status <> OLD.status THEN
    INSERT INTO seen (workflow, changed, was, now)
    VALUES (NEW.id, 'workflow', CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE '' END, NEW.status);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER see AFTER INSERT OR UPDATE ON pgworkflows_workflow FOR EACH ROW EXECUTE FUNCTION see();
CREATE TRIGGER see AFTER INSERT OR UPDATE ON pgworkflows_task FOR EACH ROW EXECUTE FUNCTION see();
"""
UNWATCH = """
DROP TRIGGER see ON pgworkflows_workflow; DROP TRIGGER see ON pgworkflows_task; DROP FUNCTION see(); DROP TABLE seen;
"""


@pytest.fixture
def seen(transactional_db):
    rows(WATCH)
    yield lambda: sorted(tuple(row) for row in rows("SELECT workflow, changed, was, now FROM seen"))
    rows(UNWATCH)


@pytest.fixture
def body():
    attempts = []

    @step(retry=Retry(max_attempts=3, initial=0))
    def twice() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("once")

    @twice.compensation
    def undo(result: None) -> None: ...

    @step(atomic=False)
    def outside() -> None: ...

    @workflow(name="tests.told")
    def body(ending: str = "good") -> None:
        twice()
        outside()
        set_state("PAID")
        set_state("PACKED")
        wait_for_event("go")
        if ending == "bad":
            raise RuntimeError("no")

    return body


def told() -> list[tuple]:
    kinds = [
        (row.workflow, "workflow" if row.task is None else "task", row.from_status, row.to_status)
        for row in History.objects.exclude(event="state")
    ]
    return sorted(kinds)


def test_each_change_leaves_exactly_one_row(pgworkflows, body, seen):
    good, bad, cancelled = body.start(), body.start("bad"), body.start()
    pgworkflows.run_workflows()
    good.send_event("go")
    rows("SELECT pgworkflows.send_event(%s, 'go')", bad.pk)
    rows("SELECT pgworkflows.cancel(%s, 'changed our mind')", cancelled.pk)
    pgworkflows.run_workflows()
    ends = {row.pk: row.status for row in Workflow.objects.all()}
    assert ends == {good.pk: "COMPLETED", bad.pk: "COMPENSATED", cancelled.pk: "CANCELLED"}
    assert told() == seen()
    states = History.objects.filter(workflow=good.pk, event="state").order_by("id").values_list("state", flat=True)
    assert list(states) == ["PAID", "PACKED"]


def test_it_says_who_and_over_which_session(pgworkflows, body):
    (session_user,) = rows("SELECT session_user")[0]
    with acting_as("ann"):
        started = body.start()
    pgworkflows.run_workflows()
    rows("SELECT pgworkflows.cancel(%s, 'no more', false)", started.pk)
    first, last = History.objects.filter(task=None).order_by("id").first(), History.objects.filter(task=None).latest("id")
    assert (first.event, first.actor, first.channel) == ("start", "ann", "python")
    assert (last.event, last.channel, last.note) == ("cancel", "sql", "no more")
    assert {row.session_user for row in History.objects.all()} == {session_user}


def test_a_change_typed_into_psql_leaves_its_row(body, seen):
    started = body.start()
    rows("UPDATE pgworkflows_workflow SET status = 'WAITING', state = 'BY HAND'")
    after = History.objects.filter(workflow=started.pk).exclude(event="start").order_by("id")
    assert [(row.event, row.state, row.channel) for row in after] == [("wait", "BY HAND", "sql"), ("state", "BY HAND", "sql")]


def test_a_rolled_back_change_leaves_none(body):
    with transaction.atomic():
        body.start()
        transaction.set_rollback(True)
    assert not History.objects.exists()


@pytest.mark.parametrize("statement", [
    "UPDATE pgworkflows_history SET actor = 'somebody else'",
    "DELETE FROM pgworkflows_history",
    "TRUNCATE pgworkflows_history",
    "INSERT INTO pgworkflows_history (workflow, event, at) VALUES (gen_random_uuid(), 'start', now())",
    "SET session_replication_role = replica; DELETE FROM pgworkflows_history",
    "DELETE FROM pgworkflows_workflow",
])  # fmt: skip
def test_history_cannot_be_touched(may_stop_triggers, body, statement):
    body.start()
    before = list(History.objects.values())
    with pytest.raises(Error, match=r"refused|cannot be deleted"), transaction.atomic():  # noqa: PT012 - the block is the transaction
        # A test database is to be flushed, so these two are off in it; production has them on.
        rows("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate")
        rows("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger")
        rows(statement)
    assert list(History.objects.values()) == before
    assert not connection.in_atomic_block
