"""What nobody may do to the tables, whatever they type it into."""

import itertools
import uuid

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, ProgrammingError

from pgworkflows import request_approval, send_event, step, workflow
from pgworkflows.models import Approval, Task, Workflow
from pgworkflows.models.transitions import declared_transitions
from pgworkflows.store.workers import register

HINT = (
    "Statuses are the engine's. Use pgworkflows.cancel(), retry(), compensate(), send_event() or decide(), "
    "or the verbs in Python."
)


@pytest.fixture
def started(db):
    @step
    def note() -> None: ...

    @workflow
    def body() -> None:
        note()

    return body.start()


@pytest.fixture
def approval(db, pgworkflows, django_user_model):
    django_user_model.objects.create_user("ann")

    @workflow
    def body() -> bool:
        return request_approval("Release", users=["ann"]).approved

    body.start()
    pgworkflows.run_workflows()
    return Approval.objects.get()


@pytest.mark.parametrize(
    ("model", "function", "more"),
    [
        (Workflow, "workflow_event", {}),
        (Task, "task_event", {("PENDING", "PENDING"): "attempt_failed"}),
        (Approval, "approval_event", {}),
    ],
)
def test_database_allows_what_is_declared(execute, model, function, more):
    pairs = list(itertools.product(model.Status.values, repeat=2))
    allowed = {pair: execute(f"SELECT pgworkflows.{function}(%s, %s)", *pair)[0][0] for pair in pairs}
    assert {pair: verb for pair, verb in allowed.items() if verb} == declared_transitions(model) | more


def test_every_finished_status_is_final_but_failed():
    ends = {old for old, new in declared_transitions(Workflow) if old in Workflow.FINISHED}
    assert ends == {"FAILED"}


ILLEGAL = sorted(set(itertools.permutations(map(str, Workflow.Status), 2)) - declared_transitions(Workflow).keys())
CHANGE = "UPDATE pgworkflows_workflow SET status = %s, available_at = NULL, owner_id = %s, finished_at = %s"


def change(execute, status):
    """Set a workflow's status, and what the constraints want with it."""
    owner = register("w", queues=[], definitions={}, direct=False, lease=1) if status == "RUNNING" else None
    execute(CHANGE, status, owner, "2026-01-01T00:00Z" if status in Workflow.FINISHED else None)


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_illegal_transition_names_both_states(execute, started, old, new):
    for status in ["COMPENSATING", old] if old == "COMPENSATED" else [old] if old != "PENDING" else []:
        change(execute, status)
    with pytest.raises(IntegrityError) as raised:
        change(execute, new)
    assert str(raised.value).startswith(f"workflow {started.pk} cannot go from {old} to {new}\nHINT:  {HINT}")


def test_illegal_transition_among_many_stops_all(execute, started):
    other = started.cancel("no") or started
    execute("UPDATE pgworkflows_workflow SET attributes = '{}'")
    with pytest.raises(IntegrityError, match=f"workflow {other.pk} cannot go from CANCELLED to WAITING"):
        execute("UPDATE pgworkflows_workflow SET status = 'WAITING', finished_at = NULL")


def test_illegal_transition_of_a_task(execute, started, pgworkflows):
    pgworkflows.run_workflows()
    task = Task.objects.get()
    with pytest.raises(IntegrityError) as raised:
        execute("UPDATE pgworkflows_task SET status = 'PENDING'")
    assert str(raised.value).startswith(f"task {task.pk} cannot go from COMPLETED to PENDING\nHINT:  {HINT}")


def test_illegal_transition_of_an_approval(execute, approval, django_user_model):
    approval.approve(django_user_model.objects.get())
    with pytest.raises(IntegrityError) as raised:
        execute("UPDATE pgworkflows_approval SET status = 'REJECTED'")
    assert str(raised.value).startswith(f"approval {approval.pk} cannot go from APPROVED to REJECTED\nHINT:  {HINT}")


@pytest.mark.parametrize(("model", "first"), [(Workflow, "WAITING"), (Task, "LOST"), (Approval, "APPROVED")])
def test_rows_begin_at_the_beginning(execute, approval, model, first):
    table, changed = (
        model._meta.db_table,
        {"id": "gen_random_uuid()" if model is Workflow else "900", "status": f"'{first}'"},
    )
    changed |= {"seq": "900"}
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    with pytest.raises(IntegrityError, match=rf"{model._meta.model_name} \S+ cannot go from nothing to {first}"):
        execute(f"INSERT INTO {table} ({named}) SELECT {values} FROM {table} LIMIT 1")


def test_workflow_keeps_its_id(execute, started):
    with pytest.raises(IntegrityError, match=f"workflow {started.pk} cannot get another id"):
        execute("UPDATE pgworkflows_workflow SET id = %s", uuid.uuid4())


@pytest.mark.parametrize("model", [Task, Approval])
def test_task_and_approval_keep_their_id(execute, approval, model):
    row, name = model.objects.get(), model._meta.model_name
    execute("DELETE FROM pgworkflows_approval_users")
    with pytest.raises(IntegrityError, match=f"{name} {row.pk} cannot get another id"):
        execute(f"UPDATE {model._meta.db_table} SET id = 900")


def test_unfinished_workflow_cannot_be_deleted(started, execute):
    with pytest.raises(ProgrammingError) as raised:
        execute("DELETE FROM pgworkflows_workflow")
    message = f"workflow {started.pk} cannot be deleted: it is PENDING\nHINT:  Cancel it first."
    assert str(raised.value).startswith(message)
    with pytest.raises(DatabaseError, match="cannot be deleted"):
        started.delete()


def test_finished_workflow_can_be_deleted_and_its_history_stays(started, pgworkflows, told):
    pgworkflows.run_workflows()
    before = told(started)
    Workflow.objects.get().delete()
    assert not Task.objects.exists()
    assert told(started) == before


UPDATES = {
    "pgworkflows_workflow_finished_has_time": "status = 'FAILED'",
    "pgworkflows_workflow_running_has_owner": "status = 'RUNNING'",
    "pgworkflows_workflow_owned_not_claimable": "owner_id = (SELECT id FROM pgworkflows_worker LIMIT 1)",
    "pgworkflows_workflow_priority_range": "priority = 101",
}


@pytest.mark.parametrize("constraint", UPDATES)
def test_broken_invariant_is_named(execute, started, constraint):
    register("w", queues=[], definitions={}, direct=False, lease=1)
    with pytest.raises(IntegrityError, match=constraint):
        execute(f"UPDATE pgworkflows_workflow SET {UPDATES[constraint]}")


def test_one_task_for_each_position(execute, started, pgworkflows):
    pgworkflows.run_workflows()
    again = "INSERT INTO pgworkflows_task (workflow_id, branch, seq, kind, name, status, attempt) "
    with pytest.raises(IntegrityError, match="pgworkflows_task_one_per_position"):
        execute(again + "SELECT workflow_id, branch, seq, kind, name, status, attempt FROM pgworkflows_task")


def test_event_needs_an_address(execute, db):
    with pytest.raises(IntegrityError, match="pgworkflows_event_has_address"):
        execute("INSERT INTO pgworkflows_event (name, sent_at, sent_by, parked) VALUES ('x', now(), '', false)")


def test_every_constraint_and_index_of_ours_has_a_name():
    for model in apps.get_app_config("pgworkflows").get_models():
        for part in (*model._meta.constraints, *model._meta.indexes):
            assert part.name.startswith("pgworkflows_")


def test_functions_are_not_for_everybody(execute, db):
    loose = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'pgworkflows' "
    open_to_all = execute(loose + "AND has_function_privilege('pg_monitor', p.oid, 'EXECUTE') ORDER BY 1")
    assert open_to_all == [("approval_event",), ("policy_event",), ("task_event",), ("workflow_event",)]


def test_definers_functions_have_a_fixed_search_path(execute, db):
    loose = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'pgworkflows' "
    fixed = "SELECT FROM unnest(proconfig) c WHERE c LIKE 'search_path=pg_catalog, %%, pg_temp'"
    assert execute(loose + f"AND prosecdef AND NOT EXISTS ({fixed})") == []


@pytest.fixture
def rows_of_all(db, django_user_model, pgworkflows):
    """Give a workflow that did a step, asks, and was sent an event that it does not wait for."""
    django_user_model.objects.create_user("ann")

    @step
    def note() -> None: ...

    @workflow
    def body() -> bool:
        note()
        return request_approval("Release", users=["ann"]).approved

    run = body.start()
    pgworkflows.run_workflows()
    run.send_event("aside", {"n": 1})
    return run


REWRITTEN = {
    "workflow": [
        "kwargs = '{\"x\": 1}'", "key = 'other'", "requested_by_name = 'eve'", "subject_id = '9'", "created_at = now()",
        "requested_by_id = (SELECT min(id) FROM auth_user)", "parent_id = id",
    ],
    "task": [
        "seq = 90", "kind = 'VALUE'", "name = 'other'", "workflow_id = gen_random_uuid()", "correlation = 'other'",
        "child_id = gen_random_uuid()", "compensates_id = id",
    ],
    "task WHERE status = 'COMPLETED'": ["result = '7'", "attempt = 9", "payload = '{}'", "finished_at = NULL"],
    "event": ["name = 'other'", "payload = '{\"n\": 2}'", "sent_by = 'eve'", "sent_at = now() + interval '1 day'"],
    "approval": [
        "quorum = 2", "requested_by_name = 'eve'", "requested_by_id = (SELECT min(id) FROM auth_user)", "snapshot = '{}'",
        "snapshot_hash = 'x'", "title = 'Other'", "form = 'subprocess:Popen'", "allow_self_approval = true", "kind = 'other'",
        "escalate_to = '{\"users\": [1]}'", "could_decide = '[]'", "on_timeout = 'reject'", "attributes = '{\"a\": 1}'",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("table", "change"), [(table, change) for table, changes in REWRITTEN.items() for change in changes])
def test_what_was_written_is_not_rewritten(execute, rows_of_all, table, change):
    name, _, condition = table.partition(" ")
    with pytest.raises(ProgrammingError, match=rf"{name} \S+ cannot be rewritten: its {change.split()[0]} stays as it was"):
        execute(f"UPDATE pgworkflows_{name} SET {change} {condition}")


def test_keys_of_who_is_deleted_become_null(execute, django_user_model, pgworkflows):
    ann, eve = (django_user_model.objects.create_user(name) for name in ("ann", "eve"))

    @workflow
    def body() -> bool:
        return request_approval("Release", users=["ann"]).approved

    body.using(requested_by=eve).start()
    pgworkflows.run_workflows()
    approval = Approval.objects.get()
    approval.approve(ann)
    with pytest.raises(ProgrammingError, match=r"decision \S+ cannot be rewritten: its user_id"):
        execute("UPDATE pgworkflows_decision SET user_id = %s", eve.pk)
    ann.delete(), eve.delete()
    approval.refresh_from_db()
    assert (approval.requested_by, approval.requested_by_name) == (None, "eve")
    assert (approval.decisions.get().user, approval.decisions.get().username) == (None, "ann")


@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "CHANGES_REQUESTED"])
def test_no_outcome_without_decisions(execute, approval, status):
    with pytest.raises(
        ProgrammingError, match=rf"approval {approval.pk} cannot be {status}: that takes 1 decision\(s\), and there are 0"
    ):
        execute(f"UPDATE pgworkflows_approval SET status = '{status}', decided_at = now()")


def test_no_approval_below_its_quorum(execute, django_user_model, pgworkflows):
    ann, _ = (django_user_model.objects.create_user(name) for name in ("ann", "bob"))

    @workflow
    def body() -> bool:
        return request_approval("Release", users=["ann", "bob"], quorum=2).approved

    body.start()
    pgworkflows.run_workflows()
    Approval.objects.get().approve(ann)
    with pytest.raises(ProgrammingError, match=r"takes 2 decision\(s\), and there are 1"):
        execute("UPDATE pgworkflows_approval SET status = 'APPROVED'")


DECIDED = """
INSERT INTO pgworkflows_decision (approval_id, user_id, username, on_behalf_of_name, verdict, comment, channel, snapshot_hash, at)
SELECT a.id, u.id, {name}, {stood}, 'approve', '', 'admin', {shown}, {at}
FROM pgworkflows_approval a, auth_user u WHERE u.username = {key}
"""
GOOD = {"name": "'ann'", "key": "'ann'", "stood": "''", "shown": "''", "at": "pgworkflows.now()"}


@pytest.mark.parametrize(("acts", "given", "message"), [
    ("ann", {"at": "'2001-01-01T00:00Z'"}, "it is dated 2001-01-01"),
    ("ann", {"at": "pgworkflows.now() + interval '1 second'"}, "it is dated "),
    ("eve", {}, "who acts is eve"),
    ("", {}, "who acts is nobody"),
    ("eve", {"name": "'eve'", "key": "'eve'"}, "only the users and groups that it names can decide"),
    ("nobody", {"name": "'nobody'"}, "there is no active user of that name"),
    ("ann", {"key": "'eve'"}, "its keys and its names are of different people"),
    ("ann", {"stood": "'eve'"}, "nobody of that name is asked and has delegated"),
    ("ann", {"shown": "'x'"}, "it is on something else than was shown"),
])  # fmt: skip
def test_decision_by_hand_is_held_to_the_rules(execute, approval, django_user_model, acts, given, message):
    django_user_model.objects.create_user("eve")
    execute("SELECT pgworkflows.act_as(%s, 'admin')", acts)
    with pytest.raises(ProgrammingError, match=rf"on approval {approval.pk} is refused: {message}"):
        execute(DECIDED.format(**GOOD | given))
    execute("SELECT pgworkflows.act_as('ann', 'admin')")
    execute(DECIDED.format(**GOOD))


def test_decision_of_a_function_is_by_who_acts(execute, approval):
    with pytest.raises(ProgrammingError, match=r"a decision of ann on approval .* is refused: who acts is nobody"):
        execute("SELECT pgworkflows.record_decision(%s, 'ann', 'approve', '', 'admin', NULL, NULL)", approval.pk)
    execute("SELECT pgworkflows.decide(%s, 'ann', 'approve')", approval.pk)
    assert approval.decisions.get().channel == "sql"


@pytest.mark.parametrize("table", ["task", "approval", "event"])
def test_what_an_open_workflow_needs_is_not_deleted(execute, rows_of_all, table):
    execute("DELETE FROM pgworkflows_approval_users")
    with pytest.raises(ProgrammingError, match=rf"{table} \S+ cannot be deleted: workflow \S+, which is WAITING, needs it"):
        execute(f"DELETE FROM pgworkflows_{table}")


def test_what_a_failed_workflow_did_is_not_deleted(execute, db, pgworkflows):
    @step
    def note() -> None: ...

    @workflow
    def body() -> None:
        note()
        raise ValueError("no")

    body.start()
    pgworkflows.run_workflows()
    with pytest.raises(ProgrammingError, match=r"task \S+ cannot be deleted: workflow \S+, which is FAILED"):
        execute("DELETE FROM pgworkflows_task")


def test_event_that_no_worker_has_looked_at_is_not_deleted(execute, db):
    send_event("go", correlation="nobody yet")
    with pytest.raises(ProgrammingError, match=r"event \S+ cannot be deleted: whoever waits for it needs it"):
        execute("DELETE FROM pgworkflows_event")
    execute("UPDATE pgworkflows_event SET parked = true")
    execute("DELETE FROM pgworkflows_event")
