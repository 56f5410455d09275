"""The same request twice: one effect, one answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from pgworkflows.models import Approval, Decision, IdempotencyKey, Workflow
from tests.api.conftest import API, problem

START = {"name": "shop.fulfil", "kwargs": {"order": 7}}


def same(one, other):
    return (one.status_code, one.json(), one.headers.get("Location")) == (
        other.status_code, other.json(), other.headers.get("Location"),
    )  # fmt: skip


def test_repeated_start_gets_the_same_answer(ann, fulfil):
    first = ann.send("workflows", body=START, Idempotency_Key="a")
    again = ann.send("workflows", body=START, Idempotency_Key="a")
    assert same(first, again)
    assert Workflow.objects.count() == 1


def test_how_a_body_is_written_does_not_matter(ann, fulfil):
    first = ann.send("workflows", body=START, Idempotency_Key="a")
    written = '{ "kwargs":{"order":7},  "name":"shop.fulfil" }'
    again = ann.post("/api/workflows/", written, "application/json", headers={"Idempotency-Key": "a"})
    assert same(first, again)


def test_answer_stays_as_it_was(ann, fulfil):
    first = ann.send("workflows", body=START, Idempotency_Key="a")
    ann.send("cancel", first.json()["id"], body={"reason": "x", "compensate": False})
    assert ann.send("workflows", body=START, Idempotency_Key="a").json()["status"] == "PENDING"


@pytest.mark.parametrize(
    ("address", "body"), [("workflows", START | {"kwargs": {"order": 8}}), ("events", {"name": "go", "correlation": "c"})]
)
def test_key_of_another_request_is_refused(ann, fulfil, address, body):
    ann.send("workflows", body=START, Idempotency_Key="a")
    problem(ann.send(address, body=body, Idempotency_Key="a"), 422, "idempotency-key-reused")
    assert Workflow.objects.count() == 1


def test_keys_of_two_users_are_two(ann, bob, fulfil):
    one, two = (client.send("workflows", body=START, Idempotency_Key="a").json()["id"] for client in (ann, bob))
    assert one != two


@pytest.mark.parametrize("key", ["", "x" * 256, "sch\u00f6n", "a\x01b"])
def test_key_has_a_form(ann, fulfil, key):
    told = problem(ann.send("workflows", body=START, Idempotency_Key=key), 400, "invalid")
    assert told["errors"][0]["field"] == "Idempotency-Key"


def test_refusal_leaves_no_key(ann, fulfil):
    problem(ann.send("workflows", body={"name": "shop.fulfil"}, Idempotency_Key="a"), 422, "unprocessable")
    assert not IdempotencyKey.objects.exists()
    assert ann.send("workflows", body=START, Idempotency_Key="a").status_code == 201


def test_failure_leaves_no_key(ann, fulfil, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken after the start")

    monkeypatch.setattr("pgworkflows.api.views.workflows.WorkflowSummary", broken)
    with pytest.raises(RuntimeError):
        ann.send("workflows", body=START, Idempotency_Key="a")
    assert not IdempotencyKey.objects.exists()
    assert not Workflow.objects.exists()


def test_repeated_decision_is_counted_once(clients, ask):
    asked = ask(quorum=2)
    seen = clients["mia"].read("approval", asked.pk).headers["ETag"]
    first, again = (clients["mia"].send("approve", asked.pk, Idempotency_Key="a", If_Match=seen) for _ in range(2))
    assert first.json() == again.json()
    assert first.headers["ETag"] == again.headers["ETag"] != seen
    assert Decision.objects.count() == 1


def test_answer_without_a_body_is_repeated(ann, fulfil):
    key = ann.send("workflows", body=START).json()["id"]
    sent = [ann.send("workflow-events", key, body={"name": "go"}, Idempotency_Key="a") for _ in range(2)]
    assert [(each.status_code, each.content) for each in sent] == [(202, b""), (202, b"")]
    assert Workflow.objects.get().events.count() == 1


@pytest.fixture
def beside():
    """Run something in a thread with a connection of its own."""

    def closing(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        yield lambda work: pool.submit(closing, work)


BLOCKED = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"


@pytest.mark.django_db(transaction=True)
def test_two_at_one_instant_are_one(person, fulfil, beside, watch):
    user = person("ann", "start_workflow")
    clients = [API(user), API(user)]
    with transaction.atomic():
        first = clients[0].send("workflows", body=START, Idempotency_Key="a")
        second = beside(lambda: clients[1].send("workflows", body=START, Idempotency_Key="a"))
        watch(BLOCKED)
    assert same(first, second.result())
    assert Workflow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_does_what_the_first_did_not(person, fulfil, beside, watch):
    user = person("ann", "start_workflow")
    clients = [API(user), API(user)]
    with transaction.atomic():
        first = clients[0].send("workflows", body=START, Idempotency_Key="a").json()
        second = beside(lambda: clients[1].send("workflows", body=START, Idempotency_Key="a"))
        watch(BLOCKED)
        transaction.set_rollback(True)
    assert second.result().json()["id"] == str(Workflow.objects.get().pk) != first["id"]


@pytest.mark.django_db(transaction=True)
def test_keys_that_are_pruned_meanwhile_are_taken_anew(person, fulfil, beside):
    """One that takes the key and one that prunes it, as fast as they can."""
    user, stop = person("ann", "start_workflow"), threading.Event()
    row = {"user": user, "key": "a", "method": "POST", "path": "/api/workflows/", "body_hash": "other"}

    def come_and_go():
        while not stop.is_set():
            IdempotencyKey.objects.bulk_create([IdempotencyKey(**row)], ignore_conflicts=True)
            IdempotencyKey.objects.all().delete()

    other = beside(come_and_go)
    try:
        statuses = {API(user).send("workflows", body=START, Idempotency_Key="a").status_code for _ in range(200)}
    finally:
        stop.set()
    other.result()
    assert statuses <= {201, 422}


@pytest.mark.django_db(transaction=True)
def test_decision_on_what_changes_just_now_is_stale(clients, ask, beside, watch):
    asked = ask(quorum=2)
    seen = clients["max"].read("approval", asked.pk).headers["ETag"]
    with transaction.atomic():
        Approval.objects.get(pk=asked.pk).approve("mia")
        other = beside(lambda: clients["max"].send("approve", asked.pk, If_Match=seen))
        watch(BLOCKED)
    problem(other.result(), 412, "stale")
    assert Decision.objects.count() == 1
