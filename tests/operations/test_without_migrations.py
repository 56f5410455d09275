"""Test databases that Django makes without migrations, and fixtures of everything."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from pgworkflows.models import History
from tests.workers import ROOT

SETTINGS = """
from tests.settings import *

DATABASES["default"]["TEST"] = {"MIGRATE": False, "NAME": "unmigrated_NUMBER"}
"""
TESTS = """
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.transaction import atomic
from django.test import TestCase, override_settings

from pgworkflows import NotMigrated
from pgworkflows.models import Workflow
from pgworkflows.testing import run_workflows
from tests.ledger.workflows import quick


class Tests(TestCase):
    def test_what_has_nothing_to_do_with_us(self):
        User.objects.create_user("ada")
        self.assertEqual(list(Workflow.objects.all()), [])

    def test_what_uses_us_is_told_why_it_cannot(self):
        for use in (lambda: quick.start("x"), run_workflows):
            with self.assertRaisesMessage(NotMigrated, "a test database is made without --nomigrations"), atomic():
                use()

    @override_settings(MIGRATION_MODULES={"pgworkflows": None})
    def test_no_worker_begins(self):
        with self.assertRaisesMessage(CommandError, "there is no schema pgworkflows"):
            call_command("runworkflows", "--drain", skip_checks=True)
"""


@pytest.mark.direct
def test_without_migrations_others_tests_run(tmp_path: Path):
    (tmp_path / "unmigrated.py").write_text(SETTINGS.replace("NUMBER", str(os.getpid())))
    (tmp_path / "tests_of_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "django", "test", "--noinput", "tests_of_it"]
    own = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "DJANGO_SETTINGS_MODULE": "unmigrated"}
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 3 tests" in done.stderr


@pytest.mark.django_db
def test_fixture_of_everything_is_refused_with_the_way_out(pgworkflows, quick, tmp_path: Path):
    quick.start()
    pgworkflows.run_workflows()
    fixture = tmp_path / "everything.json"
    call_command("dumpdata", "pgworkflows", output=str(fixture))
    rows = json.loads(fixture.read_text())
    assert {row["model"] for row in rows} >= {"pgworkflows.workflow", "pgworkflows.task", "pgworkflows.history"}
    history = [row | {"pk": row["pk"] + 1_000_000} for row in rows if row["model"] == "pgworkflows.history"]
    fixture.write_text(json.dumps(history))
    with connection.cursor() as cursor:  # as outside tests
        cursor.execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger")
    with pytest.raises((DatabaseError, CommandError), match="dumpdata --exclude pgworkflows"):
        call_command("loaddata", str(fixture))
    assert not History.objects.filter(pk__gt=1_000_000).exists()
