"""Asking a workflow from psql, and reading it in the terminal and on its page."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.urls import reverse

from pgworkflows import wait_for_request, workflow
from pgworkflows.models import Request


@pytest.fixture
def run(db, pgworkflows):
    @workflow(name="tests.desk")
    def body() -> None:
        wait_for_request("rename").answer("done")

    run = body.start()
    pgworkflows.run_workflows()
    return run


def test_asked_and_answered(execute, run, pgworkflows, admin_client):
    asked = execute("SELECT pgworkflows.ask(%s, 'rename', '{\"$own\": 1}')", run.pk)[0][0]
    of = "SELECT * FROM pgworkflows.answer_of(%s)"
    assert execute(of, asked) == [(False, "pending", None, None)]
    pgworkflows.run_workflows()
    assert execute(of, asked) == [(True, "answered", '"done"', None)]
    assert run.tasks.first().result["payload"] == {"$$own": 1}
    shown = StringIO()
    call_command("workflows", "show", str(run.pk), stdout=shown)
    assert '"done"' in shown.getvalue().partition("Requests")[2]
    page = admin_client.get(reverse("admin:pgworkflows_workflow_change", args=[run.pk])).content.decode()
    assert "What it was asked" in page


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ask('00000000-0000-0000-0000-000000000000', 'x')", "no workflow 00000000"),
        ("ask('{run}', '')", "ask\\(\\): a request needs a name"),
        ("ask('{run}', repeat('x', 600))", "the name of a request has 600 bytes, more than 500"),
    ],
)
def test_wrong_request_is_refused(execute, run, call, message):
    with pytest.raises(DatabaseError, match=message):
        execute(f"SELECT pgworkflows.{call}".format(run=run.pk))


def test_nobody_rewrites_an_answer(execute, run, pgworkflows):
    execute("SELECT pgworkflows.ask(%s, 'rename')", run.pk)
    pgworkflows.run_workflows()
    with pytest.raises(DatabaseError, match=r"request \d+ cannot be rewritten: its answer stays as it was"):
        execute("UPDATE pgworkflows_request SET answer = '1'")


def test_terminal_asks_outside_transactions_only(run):
    with pytest.raises(CommandError, match="would never return inside a transaction"):
        call_command("workflows", "ask", str(run.pk), "rename")
    assert not Request.objects.exists()
