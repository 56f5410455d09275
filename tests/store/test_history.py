"""Every change leaves exactly one row, in the same transaction; nobody changes or removes it."""

from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import ANY

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import DatabaseError, ProgrammingError, connection, transaction

from pgworkflows import (
    Retry,
    acting_as,
    request_approval,
    send_event,
    set_state,
    sleep,
    step,
    wait_for_event,
    workflow,
)
from pgworkflows.models import Approval, History, Task, Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.store.started import SHARED
from pgworkflows.store.workers import register, take_over


@pytest.fixture
def waiter(db):
    @workflow(name="tests.waiter")
    def body() -> str:
        return wait_for_event("go")

    return body


@pytest.fixture
def failing(db):
    @step(name="tests.keep")
    def keep() -> None: ...

    @keep.compensation
    def undo(result: None) -> None: ...

    @step(name="tests.fail", retry=Retry(max_attempts=2, jitter=False))
    def fail() -> None:
        raise ValueError("no")

    @workflow(name="tests.failing")
    def body() -> None:
        keep()
        fail()

    return body


def unbroken(rows, column):
    """Check that the history leads, link by link, to where each row stands."""
    for row in rows:
        links = History.objects.filter(**{column: row.pk}).exclude(event__in=["state", "decide"]).order_by("id")
        if column == "workflow":
            links = links.filter(task=None, approval=None)
        stands = ""
        for link in links:
            assert link.from_status == stands
            stands = link.to_status
        assert stands == row.status


def test_waiting_workflow_tells_each_change(waiter, pgworkflows, told):
    started = waiter.start()
    pgworkflows.run_workflows()
    started.send_event("go", "now")
    pgworkflows.run_workflows()
    assert told(started) == [
        ("start", "", "PENDING"),
        ("task_wait", "", "WAITING"),
        ("wait", "PENDING", "WAITING"),
        ("task_complete", "WAITING", "COMPLETED"),
        ("complete", "WAITING", "COMPLETED"),
    ]


def test_retried_and_compensated_workflow_tells_each_change(failing, pgworkflows, told):
    started = failing.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert told(started, task=None) == [
        ("start", "", "PENDING"),
        ("compensate", "PENDING", "COMPENSATING"),
        ("finish_compensation", "COMPENSATING", "COMPENSATED"),
    ]
    assert told(started, task__isnull=False) == [
        ("task_complete", "", "COMPLETED"),
        ("attempt_failed", "", "PENDING"),
        ("task_fail", "PENDING", "FAILED"),
        ("task_complete", "", "COMPLETED"),
    ]


def test_outside_attempts_are_told_one_by_one(pgworkflows, told):
    @step(atomic=False, retry=Retry(max_attempts=2, jitter=False))
    def call() -> None:
        raise ValueError("busy")

    @workflow
    def body() -> None:
        call()

    started = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert told(started, task__isnull=False) == [
        ("attempt", "", "RUNNING"),
        ("attempt_failed", "RUNNING", "PENDING"),
        ("attempt", "PENDING", "RUNNING"),
        ("task_fail", "RUNNING", "FAILED"),
    ]
    assert list(History.objects.filter(task__isnull=False).order_by("id").values_list("attempt", flat=True)) == [
        1,
        1,
        2,
        2,
    ]


def test_chain_of_changes_is_unbroken(waiter, failing, pgworkflows):
    @workflow
    def longer() -> None:
        set_state("SLEEPING")
        sleep(60)
        wait_for_event("go", correlation="a")

    for started in (waiter.start(), waiter.start(), failing.start(), longer.start(), longer.start()):
        pgworkflows.run_workflows()
        if started.name == "tests.waiter":
            started.cancel("enough")
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    send_event("go", correlation="a")
    pgworkflows.run_workflows()
    unbroken(Workflow.objects.all(), "workflow")
    # What set_state() does is told as the workflow's own change.
    unbroken(Task.objects.exclude(kind="STATE"), "task")
    assert Workflow.objects.filter(status="WAITING").count() == 1


def test_each_row_names_the_transaction_that_wrote_it(waiter, execute):
    with transaction.atomic():
        started = waiter.start()
        ((xact,),) = execute("SELECT pg_current_xact_id()::text::bigint")
    assert History.objects.get(workflow=started.pk).xact == xact


def test_each_state_counts_in_order(pgworkflows):
    @workflow
    def body() -> None:
        set_state("ONE")
        set_state("TWO")
        set_state("ONE")

    started = body.start()
    pgworkflows.run_workflows()
    states = History.objects.filter(workflow=started.pk, event="state").order_by("id")
    assert list(states.values_list("state", flat=True)) == ["ONE", "TWO", "ONE"]


def test_state_set_in_sql_is_one_change(waiter, execute):
    started = waiter.start()
    execute("UPDATE pgworkflows_workflow SET state = 'ODD' WHERE id = %s", started.pk)
    execute("UPDATE pgworkflows_workflow SET state = 'ODD' WHERE id = %s", started.pk)
    (row,) = History.objects.filter(workflow=started.pk, event="state")
    assert (row.state, row.from_status, row.to_status, row.channel) == ("ODD", "PENDING", "PENDING", "sql")


def test_no_setting_invents_states(waiter, execute):
    started = waiter.start()
    execute("SELECT set_config('pgworkflows.states', %s, true)", f'{{"{started.pk}": ["A", "B"]}}')
    execute("UPDATE pgworkflows_workflow SET state = 'B'")
    assert list(History.objects.filter(event="state").values_list("state", flat=True)) == ["B"]


def test_states_of_a_batch_and_states_in_sql_follow_each_other(pgworkflows, execute):
    @workflow
    def body() -> None:
        set_state("ONE")
        wait_for_event("go")
        set_state("ONE")
        set_state("TWO")

    runs = [body.start(), body.start()]
    pgworkflows.run_workflows()
    execute("UPDATE pgworkflows_workflow SET state = 'BY HAND' WHERE id = %s", runs[0].pk)
    for run in runs:
        run.send_event("go")
    pgworkflows.run_workflows()
    told = [
        list(History.objects.filter(workflow=run.pk, event="state").order_by("id").values_list("state", flat=True))
        for run in runs
    ]
    assert told == [["ONE", "BY HAND", "ONE", "TWO"], ["ONE", "ONE", "TWO"]]


def test_many_rows_in_one_statement_are_all_told(waiter, execute):
    waiter.start_many([{}] * 5)
    execute("UPDATE pgworkflows_workflow SET status = 'WAITING', available_at = NULL")
    assert History.objects.filter(event="start").count() == 5
    assert History.objects.filter(event="wait").count() == 5


def test_change_that_rolls_back_is_not_told(waiter):
    with transaction.atomic():
        waiter.start()
        transaction.set_rollback(True)
    assert not History.objects.exists()


def test_actor_and_channel_of_python(waiter, django_user_model):
    ann = django_user_model.objects.create_user("ann")
    started = waiter.using(requested_by=ann).start()
    with acting_as("bob", channel="admin"):
        started.cancel("not wanted")
    rows = History.objects.filter(workflow=started.pk).order_by("id")
    session_user = connection.settings_dict["USER"]
    assert list(rows.values_list("event", "actor", "channel", "session_user", "note")) == [
        ("start", "ann", "python", session_user, ""),
        ("cancel", "bob", "admin", session_user, "not wanted"),
    ]


def test_actor_does_not_outlive_the_verb(waiter, execute):
    first, second = waiter.start(), waiter.start()
    first.cancel("over", by="ann")
    execute("UPDATE pgworkflows_workflow SET status = 'WAITING', available_at = NULL WHERE id = %s", second.pk)
    row = History.objects.get(workflow=second.pk, event="wait")
    assert (row.actor, row.channel, row.note) == ("", "sql", "")


@pytest.mark.parametrize("verb", ["retry", "compensate", "take_over"])
def test_actor_of_an_intervention_does_not_outlive_it(waiter, execute, verb):
    blocked, other = waiter.start(), waiter.start()
    execute("UPDATE pgworkflows_workflow SET status = 'BLOCKED', available_at = NULL WHERE id = %s", blocked.pk)
    if verb == "take_over":
        take_over(register("w", queues=[], definitions={}, direct=False, lease=1), by="other")
    elif verb == "retry":
        blocked.retry(by="ann")
    else:
        blocked.compensate("lost", by="ann")
    execute("UPDATE pgworkflows_workflow SET status = 'WAITING', available_at = NULL WHERE id = %s", other.pk)
    row = History.objects.get(workflow=other.pk, event="wait")
    assert (row.actor, row.channel, row.note) == ("", "sql", "")


VERBS = {
    "start": "SELECT pgworkflows.start('tests.waiter')",
    "start again": "SELECT pgworkflows.start('tests.waiter', '{}', 'first')",
    "cancel": "SELECT pgworkflows.cancel((SELECT id FROM pgworkflows_workflow LIMIT 1), 'over')",
    "decide": "SELECT pgworkflows.decide((SELECT id FROM pgworkflows_approval), 'ann', 'approve')",
    "refused start": f"SELECT pgworkflows.insert_workflows('ann', 'python', '{{NULL}}', NULL{', NULL' * (4 + len(SHARED))})",
    "refused decision": "SELECT pgworkflows.decide((SELECT id FROM pgworkflows_approval), 'bob', 'approve')",
}


@pytest.mark.parametrize("verb", VERBS)
def test_verb_gives_back_who_acted_before_it(waiter, pgworkflows, execute, django_user_model, verb):
    django_user_model.objects.create_user("ann")

    @workflow
    def asking() -> bool:
        return request_approval("Release", users=["ann"]).approved

    asking.start()
    pgworkflows.run_workflows()
    waiter.using(key="first").start()
    write_definition(waiter)
    execute("SELECT pgworkflows.act_as('cara', 'imports', 'monthly')")
    with pytest.raises(DatabaseError) if "refused" in verb else nullcontext():
        execute(VERBS[verb])
    said = execute("SELECT pgworkflows.setting('actor'), pgworkflows.setting('channel'), pgworkflows.setting('note')")
    assert said == [("cara", "imports", "monthly")]


def test_intervention_is_told_with_who_and_why(waiter, execute):
    started = waiter.start()
    execute("UPDATE pgworkflows_workflow SET status = 'BLOCKED', available_at = NULL")
    started.compensate("lost", by="ann")
    row = History.objects.get(event="compensate")
    assert (row.actor, row.channel, row.note) == ("ann", "python", "lost")


def test_worker_is_the_actor_of_what_it_does(waiter, pgworkflows):
    started = waiter.start()
    pgworkflows.run_workflows()
    row = History.objects.get(workflow=started.pk, event="wait")
    assert (row.actor, row.channel) == ("testing", "worker")


def test_approval_tells_request_decision_and_outcome(pgworkflows, django_user_model):
    for name in ("ann", "bob"):
        django_user_model.objects.create_user(name)

    @workflow
    def body() -> bool:
        return request_approval("Release", users=["ann", "bob"], quorum=2).approved

    started = body.start()
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    for user in get_user_model().objects.order_by("username"):
        approval.approve(user, comment=f"{user} says yes")
    pgworkflows.run_workflows()
    rows = History.objects.filter(approval=approval.pk).order_by("id")
    told = rows.values_list("event", "from_status", "to_status", "actor", "note")
    assert [told[0], *sorted(told[1:3]), *told[3:]] == [
        ("request", "", "PENDING", "testing", "Release"),
        ("ask", "PENDING", "PENDING", "testing", "ann"),
        ("ask", "PENDING", "PENDING", "testing", "bob"),
        ("decide", "PENDING", "PENDING", "ann", "ann says yes"),
        ("decide", "PENDING", "PENDING", "bob", "bob says yes"),
        ("approve", "PENDING", "APPROVED", "bob", "bob says yes"),
    ]
    first = approval.decisions.first().pk
    said = {"verdict": "approve", "decision": first, "on_behalf_of": "", "snapshot_hash": "", "round": 1, "stage": None}
    assert rows[3].data == said
    assert started.wait(1) is True


def test_whoever_is_asked_by_hand_is_on_record(execute, pgworkflows, django_user_model):
    ann, bob = (django_user_model.objects.create_user(name) for name in ("ann", "bob"))
    Group.objects.create(name="bosses").user_set.add(ann)

    @workflow
    def body() -> None:
        request_approval("Release", groups=["bosses"])

    body.start()
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    named = approval.users.through._meta.db_table
    execute(f"INSERT INTO {named} (approval_id, user_id) VALUES (%s, %s)", approval.pk, bob.pk)
    with pytest.raises(ProgrammingError, match="its user_id stays as it was"):
        execute(f"UPDATE {named} SET user_id = %s", ann.pk)
    execute(f"DELETE FROM {approval.groups.through._meta.db_table}")
    approval.reject(bob, comment="no")
    approval.users.clear()
    rows = History.objects.filter(approval=approval.pk).order_by("id")
    assert list(rows.values_list("event", "channel", "note", "data")[:4]) == [
        ("request", "worker", "Release", ANY),
        ("ask", "worker", "bosses", {"group": "bosses"}),
        ("ask", "sql", "bob", {"user": "bob"}),
        ("unask", "sql", "bosses", {"group": "bosses"}),
    ]
    assert "unask" not in rows.values_list("event", flat=True)[4:]


def test_verbs_of_the_history_are_a_closed_list(waiter, failing, pgworkflows):
    waiter.start()
    failing.start()
    pgworkflows.run_workflows()
    assert set(History.objects.values_list("event", flat=True)) <= set(History.Event.values)


APPEND_ONLY = [
    "UPDATE pgworkflows_history SET actor = 'nobody'",
    "DELETE FROM pgworkflows_history",
]


@pytest.mark.parametrize("replication_role", ["origin", "replica"])
@pytest.mark.parametrize("statement", APPEND_ONLY)
def test_history_cannot_be_changed(may_stop_triggers, waiter, execute, statement, replication_role):
    waiter.start()
    execute(f"SET LOCAL session_replication_role = {replication_role}")
    with pytest.raises(ProgrammingError) as raised:
        execute(statement)
    verb = statement.split()[0]
    assert str(raised.value).startswith(f"{verb} on pgworkflows_history is refused: history is append-only\nHINT:  Only")


def test_statement_that_would_change_no_row_passes(db, execute):
    execute("DELETE FROM pgworkflows_history")
    execute("UPDATE pgworkflows_history SET actor = 'nobody' WHERE false")


GUARDED = """
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate;
ALTER TABLE pgworkflows_workflow ENABLE ALWAYS TRIGGER workflow_no_truncate
"""
INSERT = "INSERT INTO pgworkflows_history (event, from_status, to_status, state, at, actor, session_user, channel, note) "
INSERT = INSERT.replace("session_user", '"session_user"') + "VALUES ('start', '', '', '', now(), '', '', '', '')"


@pytest.mark.parametrize("replication_role", ["origin", "replica"])
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (INSERT, "INSERT into pgworkflows_history is refused: only the triggers write it"),
        (
            "TRUNCATE pgworkflows_history",
            "TRUNCATE of pgworkflows_history is refused: it holds what workflows have done, and who decided",
        ),
        (
            "TRUNCATE pgworkflows_workflow CASCADE",
            "TRUNCATE of pgworkflows_workflow is refused: it holds what workflows have done, and who decided",
        ),
    ],
)
def test_guards_that_test_databases_lift(may_stop_triggers, execute, statement, message, replication_role):
    execute(GUARDED)
    execute(f"SET LOCAL session_replication_role = {replication_role}")
    with pytest.raises(ProgrammingError) as raised:
        execute(statement)
    assert str(raised.value).startswith(message + "\nHINT:  ")


def test_trigger_of_another_role_may_not_write_history(clerk, execute):
    execute(GUARDED)
    execute("GRANT INSERT ON pgworkflows_history TO clerk")
    execute("GRANT USAGE ON SCHEMA public, pgworkflows TO clerk")
    execute("GRANT USAGE ON SEQUENCE pgworkflows_history_id_seq TO clerk; SET LOCAL ROLE clerk")
    execute("CREATE TEMP TABLE decoy (id int)")
    execute(f"CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {INSERT}; RETURN NULL; END $$")
    execute("CREATE TRIGGER forge AFTER INSERT ON decoy FOR EACH ROW EXECUTE FUNCTION pg_temp.forge()")
    with pytest.raises(ProgrammingError, match="only the triggers write it"):
        execute("INSERT INTO decoy VALUES (1)")


# wake_waits() is for any table: it says that one has changed for which somebody waits, and writes no history.
DEFINERS = """
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace = 'pgworkflows'::regnamespace AND p.prosecdef AND p.prorettype = 'trigger'::regtype
  AND p.proname <> 'wake_waits'
"""


def test_functions_that_write_history_serve_no_table_but_their_own(execute, db):
    execute("CREATE TEMP TABLE decoy (id int)")
    functions = [name for (name,) in execute(DEFINERS)]
    assert len(functions) >= 10
    for name in functions:
        execute(f"CREATE TRIGGER {name} AFTER INSERT ON decoy FOR EACH ROW EXECUTE FUNCTION pgworkflows.{name}()")
        with pytest.raises(ProgrammingError, match="serves no other table, such as decoy"):
            execute("INSERT INTO decoy VALUES (1)")
        execute(f"DROP TRIGGER {name} ON decoy")


def test_plan_made_for_one_row_serves_thousands(waiter, execute):
    """A session keeps a trigger's plans; one that compares all pairs would take seconds here."""
    rows = waiter.start_many([{}] * 3000)
    execute("UPDATE pgworkflows_workflow SET waiting_for = '[1]' WHERE id = %s", rows[0].pk)
    execute("SET LOCAL statement_timeout = '1s'")
    execute("UPDATE pgworkflows_workflow SET waiting_for = '[2]'")
