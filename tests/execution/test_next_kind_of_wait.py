"""A kind of wait more takes one file, one line of an enum and one migration: done to a copy of this checkout, and tried there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers import ROOT

LINE = '        CHILD = "CHILD", _("child")\n'
KIND = """
from dataclasses import dataclass
from datetime import timedelta

from ...models import Task
from ...models.waits import wait_for
from ...values.encoding import dump
from ..replay import Answer, Awaited, current_replay


@dataclass(frozen=True)
class AwaitedAccount(Awaited):
    kind = Task.Kind.ACCOUNT
    name: str
    timeout: timedelta

    def open(self, replay):
        return replay.task(self.kind, self.name, due_at=replay.due(self.timeout, self.name))

    def look(self, replay, task):
        from tests.ledger.models import Account

        with replay.run.batch.transaction.own_queries():
            units = Account.objects.filter(name=self.name).values_list("units", flat=True).first()
        return None if units is None else Answer(dump(units, "units"))

    def wake(self, replay, task):
        return min(task.due_at, replay.run.now() + timedelta(minutes=1))

    def tell(self, task):
        return wait_for(self.kind, self.name, since=task.started_at, table="ledger", until=task.due_at)


def wait_for_account(name, timeout):
    return current_replay("wait_for_account").wait_for(AwaitedAccount(name, timeout))
"""
SUITE = """
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from pgworkflows import WaitTimeout, sleep, workflow
from pgworkflows.execution.waits.account import wait_for_account
from tests.ledger.models import Account


@pytest.fixture
def waiting(pgworkflows):
    @workflow
    def opens() -> int | str:
        try:
            units = wait_for_account("savings", timedelta(hours=1))
        except WaitTimeout as error:
            return str(error)
        sleep(60)
        return units

    run = opens.start()
    pgworkflows.run_workflows()
    run.refresh_from_db()
    assert run.status == "WAITING"
    return run


def test_it_waits_wakes_and_replays(waiting, pgworkflows):
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    assert waiting.tasks.get().status == "WAITING"
    Account.objects.create(name="savings", units=5)
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    Account.objects.all().delete()
    pgworkflows.move_clock(timedelta(seconds=61))
    pgworkflows.run_workflows()
    assert waiting.wait(0) == 5
    assert list(waiting.tasks.values_list("kind", "name", "status")) == [
        ("ACCOUNT", "savings", "COMPLETED"), ("TIMER", "sleep", "COMPLETED"),
    ]


def test_its_time_runs_out(waiting, pgworkflows):
    pgworkflows.move_clock(timedelta(hours=2))
    pgworkflows.run_workflows()
    assert waiting.wait(0) == "Timed out: savings."


def test_people_see_it(waiting, admin_client):
    page = admin_client.get(reverse("admin:pgworkflows_workflow_change", args=[waiting.pk])).content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "waits for savings table ledger until" in text
    assert "pgw-shape-wait" in page
    seen = admin_client.get(reverse("pgworkflows-api:workflow", args=[waiting.pk])).json()
    assert seen["waiting_for"][0]["kind"] == "ACCOUNT"
    (task,) = admin_client.get(reverse("pgworkflows-api:tasks", args=[waiting.pk])).json()["results"]
    assert (task["kind"], task["name"], task["status"]) == ("ACCOUNT", "savings", "WAITING")
    shown = StringIO()
    call_command("workflows", "show", str(waiting.pk), stdout=shown)
    assert "savings table ledger until" in shown.getvalue()
    assert re.search(r"1 +ACCOUNT +savings +WAITING", shown.getvalue())
"""


@pytest.mark.direct
def test_next_kind_of_wait_is_one_file(tmp_path: Path):
    for part in ("pgworkflows", "demo_shop", "tests", "manage.py", "pyproject.toml", "setup.cfg"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    enum = tmp_path / "pgworkflows/models/task.py"
    enum.write_text(enum.read_text().replace(LINE, LINE + '        ACCOUNT = "ACCOUNT", _("account")\n'))
    (tmp_path / "pgworkflows/execution/waits/account.py").write_text(KIND)
    (tmp_path / "tests/test_accounts.py").write_text(SUITE)
    (tmp_path / "copied.py").write_text(
        f'from tests.settings import *\nDATABASES["default"]["TEST"] = {{"NAME": "copied_{os.getpid()}"}}\n'
    )
    own = os.environ | {"DJANGO_SETTINGS_MODULE": "copied", "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": ""}
    own.pop("PYTEST_XDIST_WORKER", None)

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    made = run("django", "makemigrations", "pgworkflows", "--name", "accounts")
    assert "Alter field kind on task" in made
    assert made.count(".py") == 1
    assert "3 passed" in run("pytest", "-q", "--ds", "copied", "--create-db", "-p", "no:cacheprovider", "tests/test_accounts.py")
