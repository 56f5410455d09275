"""A database as production has it: made by `migrate` alone, and taken back again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parents[2]


class Scratch:
    """A database of its own, under the demo's settings."""

    def __init__(self, server: str, name: str, settings: str) -> None:
        self.server, self.settings, self.address = server, settings, make_conninfo(server, dbname=name)

    def manage(self, *arguments: str) -> str:
        return self.run("-m", "django", *arguments)

    def run(self, *arguments: str) -> str:
        environment = os.environ | {"DATABASE_URL": self.address, "DJANGO_SETTINGS_MODULE": self.settings}
        command = [sys.executable, "-W", "error", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def execute(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def ours(self) -> set[str]:
        """List the relations and functions that carry our name."""
        relations = "SELECT relname FROM pg_class WHERE relname LIKE 'pgworkflows%'"
        functions = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'pgworkflows'"
        return {name for (name,) in self.execute(f"{relations} UNION ALL {functions}")}


@contextmanager
def database(name: str, settings: str) -> Iterator[Scratch]:
    name = f"{name}_{os.getpid()}"  # pytest-xdist may run this module in two processes
    server = make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            made = Scratch(server, name, settings)
            made.manage("migrate", "--verbosity", "0")
            yield made
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
def test_production_database_guards_its_history(scratch, statement, role):
    scratch.execute("""SELECT pgworkflows.start('demo_shop.fulfil_order', '{"order_id": 1}', 'only one')""")
    with pytest.raises(errors.InsufficientPrivilege, match=" is refused: "):
        scratch.execute(f"SET session_replication_role = {role}; {statement}")


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
    assert "CREATE FUNCTION pgworkflows.start(" in printed
    assert "{{" not in printed


def test_checks_look_at_the_server(scratch):
    said = scratch.manage("check", "--database", "default", "--deploy", "--tag", "security", "--tag", "database")
    assert "(pgworkflows.W002) The application connects as 'postgres', which may act for 'postgres'" in said


def test_migrations_go_to_zero_and_come_back(scratch):
    before = scratch.ours()
    assert {"pgworkflows_workflow", "pgworkflows_history_workflow", "pgworkflows_workflow_labels", "start"} <= before
    scratch.manage("migrate", "pgworkflows", "zero", "--verbosity", "0")
    assert scratch.ours() == set()
    scratch.manage("migrate", "--verbosity", "0")
    assert scratch.ours() == before
    with pytest.raises(errors.InsufficientPrivilege):
        scratch.execute("TRUNCATE pgworkflows_history")


def test_project_with_users_of_another_kind(scratch):
    with database("people", "tests.people.settings") as people:
        people.run("-m", "tests.people.play")


def test_database_that_is_no_postgresql_gets_plain_tables(scratch):
    with database("papers", "tests.people.settings") as papers:
        assert "Applying pgworkflows.0002_functions_and_guards... OK" in papers.manage("migrate", "--database", "papers")
