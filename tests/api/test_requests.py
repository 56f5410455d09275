"""Asking a workflow over REST."""

import pytest
from django.urls import reverse

from pgworkflows import wait_for_request, workflow
from pgworkflows.models import Request
from tests.api.conftest import API, problem


@pytest.fixture
def desk(db):
    @workflow(name="tests.desk")
    def body() -> None:
        question = wait_for_request("rename")
        if question.payload == "bad":
            question.refuse("no such name")
        else:
            question.answer({"name": question.payload, "password": "hush"})

    return body


@pytest.fixture
def client(person):
    return API(person("ada", "view_workflow", "ask_workflow"))


def ask(client, run, payload):
    answer = client.send("requests", run.pk, body={"name": "rename", "payload": payload})
    return answer, answer.headers.get("Location")


def test_asked_and_answered(client, desk, pgworkflows):
    run = desk.start()
    asked, where = ask(client, run, "ann")
    assert (asked.status_code, asked.json()["status"], asked.json()["taken"]) == (202, "pending", False)
    assert asked.headers["Cache-Control"] == "no-store, private"
    assert client.get(f"{where}?wait=0").json()["status"] == "pending"
    pgworkflows.run_workflows()
    shown = client.get(f"{where}?wait=10").json()
    assert (shown["status"], shown["taken"], shown["asked_by"]) == ("answered", True, "ada")
    assert shown["answer"] == {"name": "ann", "password": "[hidden]"}


def test_refused_and_ended(client, desk, pgworkflows):
    run = desk.start()
    _asked, where = ask(client, run, "bad")
    pgworkflows.run_workflows()
    found = problem(client.get(where), 422, "request-refused")
    assert found["detail"] == f"Workflow {run.pk} refused the request 'rename': no such name"
    problem(ask(client, run, "ann")[0], 409, "workflow-finished")


@pytest.mark.parametrize("wait", ["11", "-1", "1.5", "x"])
def test_wait_is_bounded(client, desk, wait):
    run = desk.start()
    _asked, where = ask(client, run, "ann")
    problem(client.get(f"{where}?wait={wait}"), 400, "invalid")


def test_somebody_elses_is_not_there(client, desk, person):
    run, other = desk.start(), desk.start()
    _asked, where = ask(client, run, "ann")
    problem(API(person("bob", "ask_workflow")).get(where), 404, "not-found")
    elsewhere = reverse("pgworkflows-api:request", args=[other.pk, Request.objects.get().pk])
    problem(client.get(elsewhere), 404, "not-found")
    problem(
        API(person("eve", "view_workflow")).send("requests", run.pk, body={"name": "x"}),
        403,
        "permission-denied",
    )
