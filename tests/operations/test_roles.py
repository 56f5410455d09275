"""`workflows roles`: a real worker and the web's verbs under the roles that it makes, and what each must not do."""

import os
import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from tests.scratch import Scratch, database
from tests.superuser import OWNER

pytestmark = pytest.mark.direct

PREFIX = f"t{os.getpid()}"
ROLES = ("owner", "worker", "web", "reader", "starter")


@pytest.fixture(scope="module")
def scratch(superuser) -> Iterator[Scratch]:
    """Give a database whose roles are made, with a login for each."""
    with database("roles", "tests.settings") as made:
        made.manage("migrate", "--run-syncdb", "--verbosity", "0")
        for role in ROLES:
            superuser(f"CREATE ROLE {PREFIX}_{role}", f"GRANT {PREFIX}_{role} TO {OWNER}")
        for _ in range(2):  # it may be run again
            made.execute(made.manage("workflows", "roles", "--prefix", PREFIX))
        for role in ROLES:
            superuser(f"CREATE ROLE {PREFIX}_{role}_login LOGIN PASSWORD '{PREFIX}_{role}_login' IN ROLE {PREFIX}_{role}")
            superuser(f"GRANT {PREFIX}_{role}_login TO {OWNER}")  # to end what it left behind
        yield made
    superuser(*(f"DROP ROLE {PREFIX}_{role}{login}" for role in ROLES for login in ("_login", "")))


@pytest.fixture
def logged_in(scratch):
    return lambda role: scratch.login(f"{PREFIX}_{role}_login")


PREPARE = """
import django; django.setup()
from django.contrib.auth import get_user_model
from pgworkflows.models import Approval, Delegation, History, Workflow
from tests.ledger.workflows import asked, chain, hanging, quick, waiting
ann, bob = (get_user_model().objects.get_or_create(username=name)[0] for name in ("ann", "bob"))
"""

BEGIN = """
chain.start("c")
waiting.start("w").send_event("go", {"by": 1})
asked.start("a"), asked.start("b"), asked.using(requested_by=bob).start("c")
quick.start("x").cancel("no")
hanging.start()
"""

GO_ON = """
first, second, third = Approval.objects.order_by("id")
third.request_changes(ann, comment="more")
third.resubmit(bob, "here")
first.comment(ann, "hm")
first.approve(ann, comment="yes")
second.reassign(ann, bob, "away")
second.reject(bob, comment="no")
Workflow.objects.get(name="ledger.hanging").retry()
"""

END = """
Approval.objects.latest("id").withdraw(bob, "no more")
Workflow.objects.get(name="ledger.hanging").compensate("enough")
ann.delete()
assert History.objects.filter(actor="ann", event="decide").exists()
"""


def test_worker_and_web_do_their_work(scratch, logged_in):
    web, worker = logged_in("web"), logged_in("worker")
    worker.execute("SELECT FROM django_migrations")  # or `runworkflows` could not tell that its tables are old
    for code in (BEGIN, GO_ON, END):
        web.run("-c", PREPARE + code)
        worker.manage("runworkflows", "--drain")
    ended = dict(
        scratch.execute("SELECT name || ' ' || (kwargs ->> 'name'), status FROM pgworkflows_workflow WHERE kwargs ? 'name'")
    )
    ended.pop("ledger.waiting from sql", None)  # another test's
    assert ended == {
        "ledger.chain c": "COMPLETED", "ledger.waiting w": "COMPLETED", "ledger.asked a": "COMPLETED",
        "ledger.asked b": "COMPLETED", "ledger.asked c": "COMPLETED", "ledger.quick x": "CANCELLED",
    }  # fmt: skip
    told = scratch.execute("SELECT DISTINCT event FROM pgworkflows_history")
    assert {"retry", "compensate", "cancel", "decide", "comment", "reassign", "resubmit", "withdraw"} <= {
        event for (event,) in told
    }
    doers = {name for (name,) in scratch.execute('SELECT DISTINCT "session_user" FROM pgworkflows_history')}
    assert {f"{PREFIX}_worker_login", f"{PREFIX}_web_login"} <= doers


def test_starter_starts_and_sends_from_sql(scratch, logged_in):
    starter = logged_in("starter")
    [(run,)] = starter.execute("""SELECT pgworkflows.start('ledger.waiting', '{"name": "from sql"}')""")
    starter.execute(f"SELECT pgworkflows.send_event('{run}', 'go', '1')")
    logged_in("worker").manage("runworkflows", "--drain")
    assert starter.execute(f"SELECT pgworkflows.status('{run}')") == [("COMPLETED",)]


def test_reader_reads_every_table(scratch, logged_in):
    tables = scratch.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'pgworkflows\\_%'")
    for (table,) in tables:
        logged_in("reader").execute(f"SELECT count(*) FROM {table}")
    assert len(tables) >= 12


def test_owner_migrates_prunes_and_forgets(logged_in):
    owner = logged_in("owner")
    owner.execute("ALTER TABLE pgworkflows_worker SET (fillfactor = 50)")
    assert "Removed " in owner.manage("workflows", "prune", "--older-than", "0s")
    with pytest.raises(AssertionError, match="No workflow and no approval has the subject"):
        owner.manage("workflows", "forget", "ledger.account:1")


@pytest.mark.parametrize("role", ["worker", "web"])
@pytest.mark.parametrize("verb", [["prune", "--older-than", "0s"], ["forget", "ledger.account:1"]])
def test_nobody_else_prunes_or_forgets(logged_in, role, verb):
    with pytest.raises(AssertionError, match=f"is for the owner of the tables, '{PREFIX}_owner'"):
        logged_in(role).manage("workflows", *verb)


def test_deploy_check_knows_the_roles(logged_in):
    said = logged_in("web").manage("check", "--deploy", "--tag", "security", "--database", "default")
    assert (
        f"(pgworkflows.I001) The application connects as '{PREFIX}_web_login' and the tables belong to '{PREFIX}_owner'" in said
    )
    assert not {"W002", "W003", "W004"} & set(re.findall(r"pgworkflows\.(W\d+)", said))


ALL = ("worker", "web", "reader", "starter")
FORBIDDEN = {
    "INSERT INTO pgworkflows_history (event) VALUES ('start')": ALL,
    "UPDATE pgworkflows_history SET actor = ''": ALL,
    "DELETE FROM pgworkflows_history": ALL,
    "TRUNCATE pgworkflows_history": ALL,
    "ALTER TABLE pgworkflows_history DISABLE TRIGGER history_append_only": ALL,
    "SET session_replication_role = replica": ALL,
    "DROP FUNCTION pgworkflows.refuse_history_change() CASCADE": ALL,
    "CREATE OR REPLACE FUNCTION pgworkflows.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'": ALL,
    "CREATE FUNCTION pgworkflows.mine() RETURNS void LANGUAGE sql AS 'SELECT 1'": ALL,
    "SET ROLE OWNER": ALL,
    "SELECT nextval('pgworkflows_history_id_seq')": ALL,
    "SELECT pgworkflows.decide(1, 'ann', 'approve')": ALL,
    "DELETE FROM pgworkflows_workflow": ALL,
    "DELETE FROM pgworkflows_approval": ALL,
    "DELETE FROM pgworkflows_decision": ALL,
    "UPDATE pgworkflows_decision SET verdict = 'approve'": ALL,
    "UPDATE pgworkflows_decision SET user_id = NULL": ("worker", "reader", "starter"),
    "DELETE FROM pgworkflows_approvalaction": ALL,
    "TRUNCATE pgworkflows_workflow CASCADE": ALL,
    "UPDATE pgworkflows_approvalpolicy SET name = ''": ("worker", "reader", "starter"),
    "INSERT INTO pgworkflows_delegation DEFAULT VALUES": ("worker", "reader", "starter"),
    "UPDATE pgworkflows_worker SET beat_at = now()": ("web", "reader", "starter"),
    "UPDATE pgworkflows_workflowdefinition SET version = 2": ("web", "reader", "starter"),
    "SELECT pgworkflows.deliver(1)": ("web", "reader", "starter"),
    "UPDATE pgworkflows_workflow SET state = ''": ("reader", "starter"),
    "UPDATE pgworkflows_task SET name = ''": ("reader", "starter"),
    "INSERT INTO pgworkflows_event (name) VALUES ('x')": ("reader", "starter"),
    "SELECT pgworkflows.start('ledger.quick')": ("reader",),
    "SELECT pgworkflows.cancel(gen_random_uuid(), 'no')": ("reader", "starter"),
    "SELECT pgworkflows.record_decision(1, 'ann', 'approve', '', 'sql', '', NULL)": ("reader", "starter"),
    "SELECT * FROM auth_user": ("reader", "starter"),
    "SELECT * FROM ledger_entry": ("reader", "starter"),
    "SELECT * FROM pgworkflows_workflow": ("starter",),
    "UPDATE pgworkflows_task SET result = '1'": ALL,
    "DELETE FROM pgworkflows_task": ALL,
    "INSERT INTO pgworkflows_task (seq) VALUES (1)": ALL,
    "INSERT INTO pgworkflows_workflow (name) VALUES ('x')": ALL,
    "INSERT INTO pgworkflows_decision (username) VALUES ('ann')": ALL,
    "UPDATE pgworkflows_approval SET quorum = 1": ALL,
    "UPDATE pgworkflows_approval SET requested_by_name = ''": ALL,
    "UPDATE pgworkflows_workflow SET kwargs = '{}'": ALL,
    "BEGIN; LOCK TABLE pgworkflows_workflow IN ACCESS EXCLUSIVE MODE": ALL,
    "BEGIN; LOCK TABLE pgworkflows_task IN SHARE MODE": ALL,
    "CREATE TRIGGER t AFTER INSERT ON pgworkflows_task EXECUTE FUNCTION pgworkflows.refuse_truncate()": ALL,
    "CREATE RULE r AS ON INSERT TO pgworkflows_history DO INSTEAD NOTHING": ALL,
}


@pytest.mark.parametrize(("role", "statement"), [(role, statement) for statement, roles in FORBIDDEN.items() for role in roles])
def test_what_a_role_must_not_do(logged_in, role, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        logged_in(role).execute(statement.replace("OWNER", f"{PREFIX}_owner"))


# What each role may do, and nothing else. A part of a table's columns is listed by column.
EVERYBODY = ["approval_event", "policy_event", "task_event", "workflow_event"]
ENGINE = [
    "act_as", "actor", "admit", "answer_of", "ask", "asked", "cancel", "claim", "claim_from", "compensate", "escaped", "go_on",
    "insert_workflows", "kept_out", "lanes", "left_to_others", "memberships", "now", "people", "person", "post_correlated",
    "post_event", "post_request", "refusal_text", "refuse_elsewhere", "refuse_event", "refuse_far", "refuse_large", "refuse_long",
    "request_cancel", "request_retry", "retry", "send_correlated", "send_event", "setting", "standing", "stands_in_for", "start",
    "status", "stuck_approvals", "takes_decisions", "tell_asker", "uuid7", "waiting_events", "wake", "written_here"
]  # fmt: skip
EDITED = [
    "approvalpolicy", "approvalstage", "approvalstage_escalate_to", "approvalstage_groups", "approvalstage_users",
    "delegation", "idempotencykey", "schedule", "stagecondition"
]  # fmt: skip
ALLOWED = {
    "reader": {"EXECUTE": [*EVERYBODY, "now", "status"]},
    "starter": {"EXECUTE": [*EVERYBODY, "answer_of", "ask", "send_correlated", "send_event", "start", "status"]},
    "web": {
        "EXECUTE": [*EVERYBODY, *ENGINE, "record_decision"],
        "INSERT": [*EDITED, "approval_groups", "approval_users", "approvalaction"],
        "DELETE": [*EDITED, "approval_groups", "approval_users"],
        "UPDATE": [
            *(f"{name}.*" for name in EDITED), "approval.decided_at", "approval.requested_by_id", "approval.resubmitted_at",
            "approval.revision", "approval.status", "approvalaction.user_id", "decision.on_behalf_of_id", "decision.user_id",
            "workflow.requested_by_id", "workflow.subject_type_id",
        ],
    },
    "worker": {
        "EXECUTE": [
            *EVERYBODY, *ENGINE, "assign_events", "close_branches", "deliver", "deliver_window", "insert_tasks", "look_again",
            "reply", "update_tasks", "update_workflows", "waits_for", "wake_for_rows", "wake_workflows",
        ],
        "INSERT": [
            "approval", "approval_groups", "approval_users", "approvalaction", "event", "schedule", "worker",
            "workflowdefinition",
        ],
        "DELETE": ["approval_groups", "approval_users", "event", "worker"],
        "UPDATE": [
            "event.*", "schedule.*", "worker.*", "workflowdefinition.*", "approval.decided_at",
            "approval.due_at", "approval.escalated_at",
            "approval.revision", "approval.status", "workflow.available_at", "workflow.cancel_request",
            "workflow.cancel_requested_at", "workflow.crashes", "workflow.epoch", "workflow.owner_id", "workflow.status",
            "workflow.subject_text", "workflow.waiting_for", "workflow.wake_at",
        ],
    },
}  # fmt: skip

TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relkind = 'r' AND c.relname LIKE 'pgworkflows\\_%' GROUP BY 1 ORDER BY 1
"""
FUNCTIONS = """
SELECT p.proname, (
  SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n)
  FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n))
FROM pg_proc p WHERE p.pronamespace = 'pgworkflows'::regnamespace AND p.prorettype <> 'trigger'::regtype ORDER BY 1
"""


def attempts(scratch: Scratch) -> Iterator[tuple[str, str]]:
    """Yield a name and a statement for all that could be tried: every table, every column, every function."""
    for table, columns in scratch.execute(TABLES):
        name = table.removeprefix("pgworkflows_")
        yield f"INSERT {name}", f"INSERT INTO {table} ({columns[0]}) SELECT NULL WHERE false"
        yield f"DELETE {name}", f"DELETE FROM {table} WHERE false"
        yield f"TRUNCATE {name}", f"TRUNCATE {table} CASCADE"
        for column in columns:
            yield f"UPDATE {name}.{column}", f'UPDATE {table} SET "{column}" = NULL WHERE false'
    for name, arguments in scratch.execute(FUNCTIONS):
        yield f"EXECUTE {name}", f"SELECT pgworkflows.{name}({arguments or ''})"


@pytest.mark.parametrize("role", ALL)
def test_roles_may_do_what_is_listed_and_nothing_else(scratch, logged_in, role):
    done, tried = set(), 0
    with psycopg.connect(logged_in(role).address, options="-c statement_timeout=1s") as session:
        for name, statement in attempts(scratch):
            tried += 1
            try:
                session.execute(statement)
                done.add(name)
            except psycopg.Error as error:
                if not (error.diag.source_function or "").startswith("aclcheck_error"):
                    done.add(name)  # it went in, and was refused for what it asked
            session.rollback()
    assert tried > 250
    for table, columns in scratch.execute(TABLES):
        name = table.removeprefix("pgworkflows_")
        whole = {f"UPDATE {name}.{column}" for column in columns}
        if whole <= done:
            done = done - whole | {f"UPDATE {name}.*"}
    assert done == {f"{verb} {what}" for verb, listed in ALLOWED[role].items() for what in listed}


TRIGGER_FUNCTIONS = (
    "SELECT proname FROM pg_proc WHERE pronamespace = 'pgworkflows'::regnamespace AND prorettype = 'trigger'::regtype"
)


@pytest.mark.parametrize("role", ALL)
def test_nobody_hangs_our_trigger_functions_on_a_table_of_their_own(scratch, logged_in, role):
    for (name,) in scratch.execute(TRIGGER_FUNCTIONS):
        hang = f"CREATE TRIGGER t AFTER INSERT ON decoy FOR EACH ROW EXECUTE FUNCTION pgworkflows.{name}()"
        with pytest.raises(errors.InsufficientPrivilege, match=f"pgworkflows.{name}"):
            logged_in(role).execute(f"CREATE TEMP TABLE decoy (id int); {hang}")


def test_prefix_must_be_a_name(refused, db):
    assert refused("roles", "--prefix", "Shop; DROP").startswith("'Shop; DROP' cannot begin a role's name.")
