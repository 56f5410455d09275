"""What somebody with bad intentions would send."""

import json

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.throttling import BaseThrottle

from pgworkflows import step, workflow
from pgworkflows.api.views.approvals import Approvals
from pgworkflows.models import Approval, Decision, Delegation, Event, Workflow
from tests.api.conftest import API, problem

START = {"name": "shop.fulfil", "kwargs": {"order": 7}}


@pytest.mark.parametrize(
    "extra",
    [
        {"status": "COMPLETED"}, {"requested_by": "root"}, {"id": "x"}, {"queue": "fast"}, {"priority": 100}, {"result": 1},
        {"version": 1, "fingerprint": "x"}, {"parent": None}, {"by": "root"}, {"owner": 1}, {"__class__": "x"},
    ],
)  # fmt: skip
def test_fields_that_are_not_the_clients_are_refused(ann, fulfil, extra):
    told = problem(ann.send("workflows", body=START | extra), 400, "invalid")
    assert [each["field"] for each in told["errors"]] == [[*extra][-1]]
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("approve", {"user": "max"}), ("approve", {"by": "max"}), ("approve", {"channel": "admin"}),
        ("approve", {"status": "APPROVED"}),
        ("reject", {"comment": "x", "verdict": "approve"}), ("comments", {"text": "x", "user": "max"}),
        ("withdraw", {"reason": "x", "status": "APPROVED"}), ("resubmit", {"round": 9}),
    ],
)  # fmt: skip
def test_decision_cannot_be_written_by_hand(clients, ask, verb, body):
    asked = ask()
    problem(clients["mia"].send(verb, asked.pk, body=body), 400, "invalid")
    assert not Decision.objects.exists()


def test_delegation_of_somebody_else_cannot_be_given(clients):
    body = {"delegate": "mia", "delegator": "max", "ends_at": "2100-01-01T00:00:00Z"}
    problem(clients["mia"].send("delegations", body=body), 400, "invalid")
    assert not Delegation.objects.exists()


def test_on_behalf_of_needs_a_delegation(clients, ask):
    told = problem(clients["mia"].send("approve", ask().pk, body={"on_behalf_of": "max"}), 403, "not-allowed")
    assert "nobody of that name is asked and has delegated to this person" in told["detail"]
    assert not Decision.objects.exists()


VERBS = {
    "approve": {}, "reject": {"comment": "x"}, "request-changes": {"comment": "x"}, "resubmit": {}, "withdraw": {"reason": "x"},
    "reassign": {"to": "mia", "reason": "x"}, "comments": {"text": "x"},
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_approval_through_ones_own_address_is_not_found(ask, person, verb):
    """Somebody who is asked something else has no way in."""
    theirs = ask()
    other = API(person("stranger", "start_workflow", "reassign_approval"))
    problem(other.send(verb, theirs.pk, body=VERBS[verb]), 404, "not-found")
    assert (Approval.objects.get().revision, Decision.objects.count()) == (0, 0)


@pytest.mark.parametrize("verb", ["approve", "reject", "request-changes"])
def test_seeing_everything_is_no_right_to_decide(ask, django_user_model, verb):
    root = API(django_user_model.objects.create_superuser("root"))
    problem(root.send(verb, ask().pk, body=VERBS[verb]), 403, "not-allowed")
    assert not Decision.objects.exists()


def test_session_without_csrf_token_is_refused(clients, people, ask):
    asked, strict = ask(), Client(enforce_csrf_checks=True)
    strict.force_login(people["mia"])
    path = f"/api/approvals/{asked.pk}/approve/"
    told = problem(strict.post(path, {}, "application/json"), 403, "permission-denied")
    assert told["detail"].startswith("CSRF Failed")
    strict.cookies["csrftoken"] = token = "a" * 32
    assert strict.post(path, {}, "application/json", headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize(
    "form", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/html"]
)
def test_what_a_page_could_post_across_sites_is_refused(clients, ask, form):
    response = clients["mia"].post(f"/api/approvals/{ask().pk}/approve/", "comment=x", content_type=form)
    problem(response, 415, "unsupported-media-type")


def test_script_is_data(clients, ask):
    script = "<script>alert(1)</script>"
    asked = ask(script)
    clients["mia"].send("comments", asked.pk, body={"text": script})
    response = clients["mia"].read("approval", asked.pk)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (response.json()["title"], response.json()["actions"][0]["note"]) == (script, script)


@pytest.mark.parametrize("accept", ["text/html", "text/html;q=0.9,image/webp", "application/xml"])
def test_browser_is_never_given_a_page(clients, accept):
    problem(clients["mia"].get("/api/approvals/", headers={"Accept": accept}), 406, "not-acceptable")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"name": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"1" * 5000],
)
def test_body_that_is_no_json_is_refused(ann, fulfil, body):
    response = ann.post("/api/workflows/", body, "application/json")
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Workflow.objects.exists()


@pytest.mark.parametrize("body", [[], None, 7, "text", [START], {"name": None}, {"name": 7}, {"name": ["x"]}, {"name": {}}])
def test_body_of_another_shape_is_refused(ann, fulfil, body):
    response = ann.post("/api/workflows/", json.dumps(body), "application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")


@override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 10_000})
def test_huge_body_is_refused_unread(ann, fulfil):
    with CaptureQueriesContext(connection) as asked:
        problem(ann.send("workflows", body=START | {"attributes": {"a": "x" * 100_000}}), 413, "too-large")
    assert not any("INSERT" in query["sql"] for query in asked.captured_queries)


@override_settings(PGWORKFLOWS={"MAX_PAYLOAD_BYTES": 1000})
def test_value_that_is_too_large_is_refused(ann, fulfil):
    problem(ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1, "speed": "x" * 1001}}), 422, "not-storable")
    problem(ann.send("events", body={"name": "go", "correlation": "c", "payload": "x" * 1001}), 422, "not-storable")
    assert not Event.objects.exists()


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("workflows/", {"name": "shop.fulfil", "kwargs": {"order": 1, "speed": "?"}}),
        ("workflows/", {"name": "shop.fulfil", "kwargs": {"order": 1, "?": 1}}),
        ("workflows/", START | {"key": "?"}),
        ("workflows/", START | {"attributes": {"?": ["?"]}}),
        ("workflows/", START | {"subject": {"model": "auth.user", "id": "?"}}),
        ("events/", {"name": "?", "correlation": "c"}),
        ("events/", {"name": "go", "correlation": "?"}),
        ("events/", {"name": "go", "correlation": "c", "payload": {"deep": ["?"]}}),
        ("events/", {"name": "go", "correlation": "c", "key": "?"}),
    ],
)
def test_text_that_cannot_be_stored_is_refused(ann, fulfil, path, shape, text):
    body = json.dumps(shape).replace("?", json.dumps(text)[1:-1])
    response = ann.post(f"/api/{path}", body, "application/json")
    assert response.status_code in (400, 422), response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (Workflow.objects.count(), Event.objects.count()) == (0, 0)


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
@pytest.mark.parametrize("verb", ["approve", "reject", "request-changes", "withdraw", "reassign", "comments", "resubmit"])
def test_decision_text_that_cannot_be_stored_is_refused(clients, ask, verb, text):
    asked = ask()
    field = {"withdraw": "reason", "reassign": "reason", "comments": "text"}.get(verb, "comment")
    body = json.dumps(VERBS[verb] | {field: text})
    response = clients["mia"].post(f"/api/approvals/{asked.pk}/{verb}/", body, "application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert Approval.objects.get().revision == 0


def test_tag_in_arguments_is_data(ann, fulfil, pgworkflows):
    """The encoding of stored values imports classes by name; a client cannot make it."""
    tag = {"$enum": ["os:system", "x"], "$dataclass": ["subprocess:Popen", {"args": "x"}]}
    for payload in (tag, {"$enum": ["os:system", "x"]}, {"$$decimal": "1"}):
        key = ann.send("workflows", body=START | {"attributes": {"a": payload}}).json()["id"]
        pgworkflows.run_workflows()
        ann.send("workflow-events", key, body={"name": "go", "payload": payload})
        pgworkflows.run_workflows()
        shown = ann.read("workflow", key).json()
        assert shown["result"] == shown["attributes"]["a"] == payload


def test_hidden_attribute_cannot_be_found_out(ann, fulfil):
    ann.send("workflows", body=START | {"attributes": {"token": "sesame"}})
    told = problem(ann.read("workflows", attributes=json.dumps({"token": "sesame"})), 422, "unprocessable")
    assert told["errors"][0]["detail"] == "What is hidden cannot be searched for."
    assert "sesame" not in ann.read("workflows").content.decode()


def test_secret_in_an_error_is_hidden(ann, pgworkflows):
    @step
    def refuse(password: str) -> None:
        raise ValueError(f"{password} is wrong")

    @workflow(name="tests.leaks", api=True)
    def leaks(password: str) -> None:
        refuse(password)

    key = ann.send("workflows", body={"name": "tests.leaks", "kwargs": {"password": "sesame"}}).json()["id"]
    pgworkflows.run_workflows()
    for address in ("workflow", "tasks", "history"):
        assert "sesame" not in ann.read(address, key).content.decode()


class Never(BaseThrottle):
    """Nobody may ask."""

    def allow_request(self, request, view):
        return False

    def wait(self):
        return 12.3


def test_throttle_is_a_problem(clients, monkeypatch):
    monkeypatch.setattr(Approvals, "throttle_classes", [Never])
    response = clients["mia"].read("approvals")
    problem(response, 429, "throttled")
    assert response.headers["Retry-After"] == "13"
