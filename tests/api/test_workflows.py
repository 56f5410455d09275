"""Starting and reading workflows."""

import datetime
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from pgworkflows import step, workflow
from pgworkflows.models import History, Workflow
from pgworkflows.store.retention.guards import amending
from tests.api.conftest import API, problem
from tests.ledger.models import Account


def test_start_answers_with_the_workflow(ann, fulfil):
    response = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 7}, "key": "k"})
    made = Workflow.objects.get()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/workflows/{made.pk}/"
    assert response.json()["id"] == str(made.pk)
    assert (made.requested_by_name, made.key, made.kwargs) == ("ann", "k", {"order": 7, "speed": "slow"})


def test_start_is_recorded_as_the_users_by_api(ann, fulfil):
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 7}})
    assert list(History.objects.values_list("event", "actor", "channel")) == [("start", "ann", "api")]


def test_arguments_are_converted_by_annotation(ann, pgworkflows):
    @workflow(name="tests.due", api=True)
    def due(on: datetime.date, after: datetime.timedelta) -> datetime.date:
        return on + after

    ann.send("workflows", body={"name": "tests.due", "kwargs": {"on": "2026-11-21", "after": 86400}})
    pgworkflows.run_workflows()
    shown = ann.read("workflow", Workflow.objects.get().pk).json()
    assert (shown["kwargs"], shown["result"]) == ({"on": "2026-11-21", "after": 86400.0}, "2026-11-22")


@pytest.mark.parametrize(
    ("kwargs", "complaint"),
    [
        ({}, "missing a required argument: 'order'"),
        ({"order": "seven"}, "argument 'order' cannot be read as"),
        ({"order": 1, "colour": "red"}, "got an unexpected keyword argument 'colour'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(ann, fulfil, kwargs, complaint):
    told = problem(ann.send("workflows", body={"name": "shop.fulfil", "kwargs": kwargs}), 422, "unprocessable")
    assert told["errors"][0]["field"] == "kwargs"
    assert complaint in told["errors"][0]["detail"]
    assert not Workflow.objects.exists()


@pytest.mark.parametrize("key", ["one", {}, [1]])
def test_row_that_is_named_by_no_key_is_refused(ann, key):
    @workflow(name="tests.about", api=True)
    def about(account: Account) -> None: ...

    told = problem(ann.send("workflows", body={"name": "tests.about", "kwargs": {"account": key}}), 422, "unprocessable")
    assert told["errors"][0]["field"] == "kwargs"


def test_only_definitions_marked_for_it_are_started(ann, pgworkflows):
    @workflow(name="tests.internal")
    def internal() -> None: ...

    hidden = problem(ann.send("workflows", body={"name": "tests.internal"}), 422, "unprocessable")
    unknown = problem(ann.send("workflows", body={"name": "tests.nothing"}), 422, "unprocessable")
    assert hidden == unknown


def test_start_without_the_right_is_refused(person, fulfil):
    stranger = API(person("stranger", "view_workflow"))
    problem(stranger.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}}), 403, "permission-denied")


def test_old_version_can_be_started(ann, fulfil):
    @workflow(name="shop.fulfil", version=2, api=True)
    def second(order: int) -> None: ...

    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}})
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}, "version": 1})
    assert list(Workflow.objects.order_by("id").values_list("version", flat=True)) == [2, 1]


def test_start_takes_subject_attributes_and_time(ann, fulfil, django_user_model):
    account, later = Account.objects.create(name="till"), timezone.now() + datetime.timedelta(days=1)
    django_user_model.objects.get(username="ann").user_permissions.add(Permission.objects.get(codename="view_account"))
    body = {"name": "shop.fulfil", "kwargs": {"order": 1}, "run_after": later.isoformat(), "attributes": {"region": "EU"}}
    ann.send("workflows", body=body | {"subject": {"model": "ledger.account", "id": str(account.pk)}})
    made = Workflow.objects.get()
    assert (made.subject, made.available_at, made.attributes) == (account, later, {"region": "EU"})


@pytest.mark.parametrize("model", ["ledger.account", "ledger.nothing", "auth.user", "nonsense"])
def test_subject_that_one_may_not_see_is_not_there(ann, fulfil, model):
    account = Account.objects.create(name="till")
    body = {"name": "shop.fulfil", "kwargs": {"order": 1}, "subject": {"model": model, "id": str(account.pk)}}
    told = problem(ann.send("workflows", body=body), 422, "unprocessable")
    assert told["errors"] == [{"field": "subject", "detail": "There is no such row, or none that you may see."}]


def test_same_key_gives_the_same_workflow(ann, fulfil):
    body = {"name": "shop.fulfil", "kwargs": {"order": 1}, "key": "one"}
    first, second = ann.send("workflows", body=body).json(), ann.send("workflows", body=body).json()
    assert first["id"] == second["id"]
    assert Workflow.objects.count() == 1


def test_key_conflict_tells_no_stored_arguments(ann, fulfil):
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1, "speed": "sesame"}, "key": "one"})
    told = problem(ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 2}, "key": "one"}), 409, "key-conflict")
    assert "sesame" not in told["detail"]


def test_somebody_elses_key_gives_nothing_away(ann, bob, fulfil):
    body = {"name": "shop.fulfil", "kwargs": {"order": 1}, "key": "one"}
    theirs = ann.send("workflows", body=body).json()["id"]
    assert theirs not in str(problem(bob.send("workflows", body=body), 409, "key-conflict"))


def test_values_are_plain_and_secrets_hidden(ann, pgworkflows):
    @step
    def look() -> object:
        return {"token": "sesame", "amount": Decimal("12.50")}

    @workflow(name="tests.secret", api=True)
    def secret(password: str, note: dict[str, object]) -> object:
        return look()

    ann.send("workflows", body={"name": "tests.secret", "kwargs": {"password": "sesame", "note": {"$decimal": "plain"}}})
    pgworkflows.run_workflows()
    shown = ann.read("workflow", Workflow.objects.get().pk).json()
    assert shown["kwargs"] == {"password": "[hidden]", "note": {"$decimal": "plain"}}
    assert shown["result"] == {"token": "[hidden]", "amount": "12.50"}
    assert "sesame" not in ann.read("tasks", shown["id"]).content.decode()


def test_failure_is_shown_without_its_traceback(ann, pgworkflows):
    @workflow(name="tests.fails", api=True)
    def fails() -> None:
        raise ValueError("broken")

    ann.send("workflows", body={"name": "tests.fails"})
    pgworkflows.run_workflows()
    shown = ann.read("workflow", Workflow.objects.get().pk).json()
    assert (shown["status"], shown["error"]) == ("FAILED", {"type": "ValueError", "message": "broken"})


def test_waits_are_data_and_text(ann, fulfil, pgworkflows):
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}})
    pgworkflows.run_workflows()
    shown = ann.read("workflow", Workflow.objects.get().pk).json()
    (wait,) = shown["waiting_for"]
    assert (wait["kind"], wait["title"], wait["text"]) == ("EVENT", "go", "the event “go” under “order 1”")
    assert ann.read("workflows").json()["results"][0]["waiting_for"] == [wait]


def test_tasks_and_history_are_listed_in_order(ann, fulfil, pgworkflows):
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}})
    pgworkflows.run_workflows()
    key = Workflow.objects.get().pk
    tasks, told = ann.read("tasks", key).json()["results"], ann.read("history", key).json()["results"]
    assert [(task["kind"], task["status"]) for task in tasks] == [("STEP", "COMPLETED"), ("EVENT", "WAITING")]
    assert [entry["event"] for entry in told] == ["start", "task_complete", "task_wait", "wait"]


def test_history_of_a_commit_is_paged_in_order(ann, fulfil, pgworkflows):
    """Also what shares its moment, and what other things were written for before."""
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}})
    pgworkflows.run_workflows()
    run = Workflow.objects.get()
    with amending("The test"):
        at = History.objects.earliest("id").at
        History.objects.filter(event="task_complete").update(at=at + timedelta(seconds=1))
        History.objects.filter(event__in=["start", "task_wait"]).update(at=at + timedelta(seconds=2))
        History.objects.filter(event="wait").update(at=at)
    address, told = reverse("pgworkflows-api:history", args=[run.pk]) + "?page_size=1", []
    while address:
        page = ann.get(address).json()
        told += [entry["event"] for entry in page["results"]]
        address = page["next"]
    assert told == ["wait", "task_complete", "start", "task_wait"]
    assert [row.event for row in History.objects.of_workflow(run.pk)] == told


def test_definitions_are_those_that_one_may_start(ann, auditor, person, fulfil):
    mine = ann.read("definitions").json()["results"]
    assert [each["name"] for each in mine] == ["shop.fulfil"]
    assert mine[0]["parameters"] == [
        {"name": "order", "required": True, "default": None},
        {"name": "speed", "required": False, "default": "slow"},
    ]
    assert len(auditor.read("definitions").json()["results"]) > 1
    assert API(person("nobody")).read("definitions").json()["results"] == []


@pytest.mark.parametrize("key", ["nonsense", "00000000-0000-0000-0000-000000000000", "%00", "7" * 5000])
def test_id_that_is_none_is_not_found(ann, key):
    problem(ann.get(f"/api/workflows/{key}/"), 404, "not-found")


def test_somebody_elses_workflow_is_not_found(ann, bob, auditor, fulfil):
    key = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}}).json()["id"]
    for address in ("workflow", "tasks", "history"):
        assert ann.read(address, key).status_code == auditor.read(address, key).status_code == 200
        problem(bob.read(address, key), 404, "not-found")
    assert bob.read("workflows").json()["results"] == []


def test_unknown_id_and_hidden_id_look_alike(ann, bob, fulfil):
    key = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}}).json()["id"]
    assert bob.read("workflow", key).json() == bob.read("workflow", uuid.uuid4()).json()
