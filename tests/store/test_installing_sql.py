"""The operation InstallSQL: functions and triggers of databases old and new are those of the files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgworkflows
from pgworkflows.sql import FILES, FOLDER, read
from pgworkflows.sql.installing import InstallSQL
from pgworkflows.sql.parts import dropping
from tests.catalogue import catalogue, identities
from tests.scratch import Scratch, database

pytestmark = pytest.mark.direct

EVERY_FILE = """
import django
django.setup()
from django.db import connection
from pgworkflows.sql import FILES, read
from pgworkflows.sql.installing import script
print(script({name: read(f"{name}.sql") for name in FILES}, connection))
"""


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with database("installed", "tests.settings") as made:
        yield made


def test_every_file_is_installed_and_of_a_store_module_or_known():
    tables = {
        "indexes",
        "storage",
        "history",
        "closing",
        "reopening",
        "transitions",
        "approvals/history",
    }  # of triggers and tables, not of verbs
    found = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.sql")}
    assert found == {*FILES, "rights", "roles"}
    store = FOLDER.parent / "store"
    assert {name for name in FILES if not (store / f"{name}.py").exists() and not (store / name).is_dir()} == tables


def test_file_that_is_not_there_is_refused():
    with pytest.raises(
        ValueError, match=r"InstallSQL\('evnts'\): there is no pgworkflows/sql/evnts\.sql in the FILES of pgworkflows\.sql\."
    ):
        InstallSQL("evnts")


def test_files_run_again_change_nothing(scratch):
    before, same = catalogue(scratch), identities(scratch)
    for _ in range(2):
        scratch.execute(scratch.manage("sqlmigrate", "pgworkflows", "0002"))
    assert catalogue(scratch) == before
    assert identities(scratch) == same


def test_new_files_make_what_all_migrations_made(scratch):
    migrated = catalogue(scratch)
    scratch.execute("\n".join(dropping(read(f"{name}.sql") for name in FILES)))
    for _ in range(2):
        scratch.execute(scratch.run("-c", EVERY_FILE))
    assert catalogue(scratch) == migrated


MIGRATION = """
from django.db import migrations
from pgworkflows.sql.installing import InstallSQL

class Migration(migrations.Migration):
    dependencies = [("pgworkflows", "0002_functions_and_guards")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE pgworkflows_event ADD patience integer", "ALTER TABLE pgworkflows_event DROP patience CASCADE"
        ),
        InstallSQL("events"),
        InstallSQL("history"),
        InstallSQL("transitions"),
    ]
"""
CHANGES = {
    "events": {
        "pgworkflows.deliver(most integer) RETURNS integer": "pgworkflows.deliver(most integer, patience bigint) RETURNS bigint",
        "pgworkflows.look_again(": "pgworkflows.look_once_more(",
    },
    "history": {
        "pgworkflows.workflow_event(from_status text, to_status text)": "pgworkflows.workflow_event(was text, becomes text)",
        "from_status || '>' || to_status\n{{workflow_transitions}}": "was || '>' || becomes\n{{workflow_transitions}}",
    },
    "transitions": {"TRIGGER task_begins": "TRIGGER task_starts"},
}
# On a column that only the new migration adds.
TRIGGER = """
CREATE OR REPLACE TRIGGER event_patience BEFORE UPDATE OF patience ON pgworkflows_event
  FOR EACH ROW WHEN (NEW.patience < 0) EXECUTE FUNCTION pgworkflows.refuse_change('event');
"""


@pytest.fixture
def next_release(tmp_path) -> Path:
    """Give a folder with a copy of the package in which signatures have changed, by a migration of its own."""
    copy = tmp_path / "pgworkflows"
    shutil.copytree(Path(pgworkflows.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "migrations" / "0003_patience").mkdir()
    (copy / "migrations" / "0003_patience.py").write_text(MIGRATION)
    for name, changes in CHANGES.items():
        text = read(f"{name}.sql")
        (copy / "migrations" / "0003_patience" / f"{name}.sql").write_text(text)
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (copy / "sql" / f"{name}.sql").write_text(text + (TRIGGER if name == "transitions" else ""))
    return tmp_path


def test_signatures_change_and_change_back(scratch, next_release):
    scratch.execute("GRANT EXECUTE ON FUNCTION pgworkflows.deliver TO pg_monitor")
    before = catalogue(scratch)
    upgraded = scratch.beside(next_release)
    upgraded.manage("migrate", "pgworkflows", "--verbosity", "0")
    after = catalogue(scratch)
    assert scratch.execute("SELECT has_function_privilege('pg_monitor', 'pgworkflows.deliver(integer, bigint)', 'EXECUTE')") == [
        (True,)
    ]
    said = scratch.manage("check", "--deploy", "--tag", "security", "--database", "default")
    assert "Functions are not as they were shipped: deliver, look_again, workflow_event." in said
    assert "Triggers on our tables are not as they were shipped: event_patience on pgworkflows_event, task_begins on" in said
    assert "run what `manage.py sqlmigrate pgworkflows 0002_functions_and_guards` prints, as the owner of the tables." in said
    assert "CREATE OR REPLACE FUNCTION pgworkflows.deliver(most integer, patience bigint)" in upgraded.manage(
        "sqlmigrate", "pgworkflows", "0003"
    )
    upgraded.manage("migrate", "pgworkflows", "0002", "--verbosity", "0")
    assert catalogue(scratch) == before

    upgraded.manage("migrate", "pgworkflows", "zero", "--verbosity", "0")
    upgraded.manage("migrate", "pgworkflows", "--verbosity", "0")  # both migrations in one plan
    scratch.execute("GRANT EXECUTE ON FUNCTION pgworkflows.deliver TO pg_monitor")
    assert catalogue(scratch) == after
    upgraded.manage("migrate", "pgworkflows", "0001", "--verbosity", "0")  # and back over both
    scratch.manage("migrate", "--verbosity", "0")
    scratch.execute("GRANT EXECUTE ON FUNCTION pgworkflows.deliver TO pg_monitor")
    assert catalogue(scratch) == before
    scratch.execute("REVOKE EXECUTE ON FUNCTION pgworkflows.deliver FROM pg_monitor")
