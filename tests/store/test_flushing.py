"""Django's own test cases in a project that uses pgworkflows: they flush, and no other database can be flushed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import utils
from psycopg.conninfo import make_conninfo

from pgworkflows import workflow
from pgworkflows.models import History, Workflow, WorkflowDefinition
from pgworkflows.testing import guards

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_django_s_own_runner_and_cases(tmp_path):
    """In another process: serialized_rollback wants a database that no flush has gone over yet."""
    address = os.environ["DATABASE_URL"]
    environment = os.environ | {"DATABASE_URL": make_conninfo(address, dbname="flushing")}
    command = [sys.executable, "-W", "error", "-m", "django", "test", "tests.store.django_cases", "--parallel", "2"]
    done = subprocess.run(
        [*command, "--settings", "tests.settings"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Ran 6 tests" in done.stderr


@pytest.mark.django_db(transaction=True)
def test_flush_command_empties_the_tables():
    @workflow(name="tests.noted")
    def body() -> None: ...

    body.start()
    call_command("flush", interactive=False, verbosity=0)
    assert not Workflow.objects.exists()
    assert not History.objects.exists()
    assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
    assert ContentType.objects.exists()


STATES = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgname IN ('history_no_truncate', 'history_append_only')"


@pytest.mark.django_db
def test_only_what_flushing_needs_is_lifted(execute):
    assert dict(execute(STATES)) == {"history_no_truncate": "D", "history_append_only": "A"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["production", "shop"])
def test_no_other_database_is_lifted(monkeypatch, execute, name):
    execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate")
    monkeypatch.setitem(connection.settings_dict, "NAME", name)
    guards.lift_in_test_database("default")
    assert dict(execute(STATES))["history_no_truncate"] == "A"


@pytest.mark.django_db
def test_nothing_is_lifted_outside_a_test_run(monkeypatch, execute):
    execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate")
    monkeypatch.delattr(utils._TestState, "saved_data")
    guards.lift_in_test_database("default")
    assert dict(execute(STATES))["history_no_truncate"] == "A"
