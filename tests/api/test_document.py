"""The OpenAPI document, and whether it is true."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from drf_spectacular.management.commands.spectacular import Command
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

from pgworkflows.api import urls
from pgworkflows.models import Approval, ApprovalAction, Decision, Delegation, Request, Schedule, Workflow
from pgworkflows.store import requests
from tests.api.conftest import API, VERBS

ROOT, TOKEN = Path(__file__).resolve().parents[2], "a" * 32
#: What a run of schemathesis may take, in seconds.
BUDGET = 40
#: A request may be as the document says and still come too early, too late, or name what is not there.
CONFIGURATION = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "403", "404", "409", "412", "422"]
"""


def test_document_is_openapi_3_1(ann):
    document = ann.read("schema").json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/api"}]
    validate_schema(document)


def test_every_address_is_in_the_document(ann):
    paths = ann.read("schema").json()["paths"]
    served = {"/" + str(pattern.pattern).replace("<str:", "{").replace(">", "}") for pattern in urls.urlpatterns}
    assert set(paths) == served - {"/schema/"}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_projects_own_document_has_no_warning(tmp_path, version):
    written = tmp_path / "openapi.yaml"
    with patched_settings({"OAS_VERSION": version}):
        call_command(Command(), urlconf="demo_shop.urls", validate=True, fail_on_warn=True, file=str(written))
    assert f"openapi: {version}" in written.read_text()
    assert "/api/approvals/{approval}/approve/" in written.read_text()


SCHEDULES = ("view_schedule", "change_schedule", "trigger_schedule")


@pytest.fixture
def tester(person, people, ask, fulfil, pgworkflows):
    """Somebody who may do everything, and rows to do it to."""
    user = person("tester", "view_workflow", "view_approval", "reassign_approval", *SCHEDULES, *VERBS)
    people["mia"].groups.get().user_set.add(user)
    for number in range(4):
        run = fulfil.using(requested_by=user, attributes={"region": "EU"}, key=f"k{number}").start(number)
        requests.post(run.pk, "change address", {"city": "Ulm"}, by=user)
        ask(f"Buy {number}", quorum=2, timeout=timedelta(days=1))
    now = timezone.now()
    Delegation.objects.create(delegator=user, delegate=people["max"], starts_at=now, ends_at=now + timedelta(days=1))
    Schedule.objects.create(name="hourly", workflow=fulfil.name, kwargs={"order": 7}, every=timedelta(hours=1))
    return API(user)


def known_rows():
    rows = {
        "workflow": Workflow, "approval": Approval, "delegation": Delegation, "schedule": Schedule, "request_id": Request,
    }  # fmt: skip
    return json.dumps({name: [str(key) for key in model.objects.values_list("pk", flat=True)] for name, model in rows.items()})


def schemathesis(address, session, folder):
    """Let schemathesis ask whatever the document allows, and some of what it does not."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    command = [
        str(Path(sys.executable).with_name("st")), "run", address, "--checks", "all",
        "--exclude-checks", "ignored_auth,negative_data_rejection",  # what it takes for invalid need not be
        "--header", f"Cookie: sessionid={session}; csrftoken={TOKEN}", "--header", f"X-CSRFToken: {TOKEN}",
        "--max-examples", "15", "--max-time", str(BUDGET), "--request-timeout", "20", "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--seed", "1", "--generation-allow-x00", "false",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "tests.api.known_rows", "KNOWN_ROWS": known_rows(), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=os.environ | hooks, capture_output=True, text=True, timeout=6 * BUDGET, check=False
    )


@pytest.mark.django_db(transaction=True)
def test_answers_are_what_the_document_says(tester, live_server, tmp_path):
    done = schemathesis(f"{live_server}/api/schema/", tester.cookies["sessionid"].value, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Decision.objects.exists()
    assert ApprovalAction.objects.exists()
    assert Workflow.objects.filter(name="shop.fulfil", requested_by__username="tester").count() > 4
