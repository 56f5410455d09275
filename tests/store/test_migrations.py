"""A database as production has it: made by `migrate` alone, and taken back again."""

from collections.abc import Iterator

import pytest
from psycopg import errors

from pgworkflows import sql
from tests.scratch import Scratch, database
from tests.superuser import OWNER


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with database("scratch", "demo_shop.settings") as made:
        yield made


FORBIDDEN = [
    "TRUNCATE pgworkflows_history",
    "TRUNCATE pgworkflows_workflow CASCADE",
    "DELETE FROM pgworkflows_history",
    "UPDATE pgworkflows_history SET actor = 'nobody'",
    'INSERT INTO pgworkflows_history (event, from_status, to_status, state, at, actor, "session_user", channel, note) '
    "VALUES ('start', '', '', '', now(), '', '', '', '')",
]


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_production_database_guards_its_history(may_stop_triggers, scratch, statement, role):
    scratch.execute("""SELECT pgworkflows.start('demo_shop.fulfil_order', '{"order_id": 1}', 'only one')""")
    with pytest.raises(errors.InsufficientPrivilege, match=" is refused: "):
        scratch.execute(f"SET session_replication_role = {role}; {statement}")


def test_owner_that_installs_it_may_do_nothing_more(scratch):
    rights = "SELECT rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert scratch.execute(rights) == [(False,)]


@pytest.mark.parametrize("role", ["origin", "replica"])
def test_no_table_is_truncated(may_stop_triggers, scratch, role):
    """Nor by a TRUNCATE of what they refer to."""
    for table in ("auth_user", "auth_group", "django_content_type", *(f"pgworkflows_{name}" for name in sql.table_names())):
        with pytest.raises(errors.InsufficientPrivilege, match=r"TRUNCATE of pgworkflows_.* is refused: "):
            scratch.execute(f"SET session_replication_role = {role}; TRUNCATE {table} CASCADE")


def test_flush_is_refused_in_production(scratch):
    with pytest.raises(AssertionError, match=r"Database scratch\S* couldn't be flushed"):
        scratch.manage("flush", "--no-input")
    assert scratch.execute("SELECT count(*) > 0 FROM pgworkflows_workflowdefinition") == [(True,)]


def test_sql_starts_what_no_worker_has_run_yet(scratch):
    assert ("demo_shop.fulfil_order", 1) in scratch.execute("SELECT name, version FROM pgworkflows_workflowdefinition")


def test_models_and_migrations_agree(scratch):
    assert "No changes detected" in scratch.manage("makemigrations", "--check", "--dry-run")


def test_sqlmigrate_prints_the_functions(scratch):
    printed = scratch.manage("sqlmigrate", "pgworkflows", "0002")
    assert "CREATE OR REPLACE FUNCTION pgworkflows.start(" in printed
    assert "{{" not in printed


def test_checks_look_at_the_server(scratch):
    said = scratch.manage("check", "--database", "default", "--deploy", "--tag", "security", "--tag", "database")
    assert f"(pgworkflows.W002) The application connects as '{OWNER}', which may act for '{OWNER}'" in said


def test_migrations_go_to_zero_and_come_back(scratch):
    before = scratch.ours()
    assert {"pgworkflows_workflow", "pgworkflows_history_workflow", "pgworkflows_workflow_attributes", "start"} <= before
    scratch.manage("migrate", "pgworkflows", "zero", "--verbosity", "0")
    assert scratch.ours() == set()
    scratch.manage("migrate", "--verbosity", "0")
    assert scratch.ours() == before
    with pytest.raises(errors.InsufficientPrivilege):
        scratch.execute("TRUNCATE pgworkflows_history")


def test_worker_does_not_begin_on_tables_older_than_its_code(scratch):
    scratch.manage("migrate", "pgworkflows", "0001", "--verbosity", "0")
    with pytest.raises(AssertionError, match=r"lacks pgworkflows\.0002_functions_and_guards\. Run `manage\.py migrate` first\."):
        scratch.manage("runworkflows", "--drain")
    scratch.manage("migrate", "--verbosity", "0")


def test_project_with_users_of_another_kind(scratch):
    with database("people", "tests.people.settings") as people:
        people.run("-m", "tests.people.play")


def test_database_that_is_no_postgresql_gets_plain_tables(scratch):
    with database("papers", "tests.people.settings") as papers:
        assert "Applying pgworkflows.0002_functions_and_guards... OK" in papers.manage("migrate", "--database", "papers")


DEAR = """
SELECT oid::regproc::text FROM pg_proc
WHERE pronamespace = 'pgworkflows'::regnamespace
  AND array_to_string(proconfig, ' ') ~ 'enable_\\w+=off' AND NOT 'jit=off' = ANY (proconfig)
"""


def test_function_that_makes_plans_look_dear_compiles_none(scratch):
    assert scratch.execute("SELECT count(*) > 5 FROM pg_proc WHERE 'jit=off' = ANY (proconfig)") == [(True,)]
    assert scratch.execute(DEAR) == []
