"""What stands first of the snapshot: on lists, at the head of the page, in e-mails and in the API."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client, override_settings

from pgworkflows import describe_subject, request_approval, workflow
from pgworkflows.models import Approval
from pgworkflows.store.retention.guards import amending
from tests.ledger.models import Account, Contract, Purchase

URL = "https://shop.example"


@pytest.fixture
def asked(people, pgworkflows):
    """Ask ann about a contract with Müller, whose total is to be seen first."""

    @workflow(name="tests.ask_in_short")
    def body() -> str:
        return request_approval("Sign it", users=["ann"]).status

    def ask(subject=None):
        run = body.using(subject=subject or contract()).start()
        with override_settings(PGWORKFLOWS={"BASE_URL": URL, "FROM_EMAIL": "a@shop.example"}):
            pgworkflows.run_workflows()
            pgworkflows.move_clock(timedelta(minutes=1))
            pgworkflows.run_workflows()
        return run.approvals.get()

    describe_subject(Contract, snapshot=("title", "labels", "partner", "total"), summary=("total", "partner"))
    return ask


def contract() -> Contract:
    made = Contract.objects.create(title="Lease", total="9.50", partner=Account.objects.create(name="Müller"))
    return Contract.objects.get(pk=made.pk)


@pytest.fixture
def ann(people):
    browser = Client()
    browser.force_login(people.ann)
    return browser


def in_short(page: str) -> list[tuple[str, str]]:
    return re.findall(r"<dt>([^<]*)</dt> <dd>([^<]*)</dd>", "".join(re.findall(r'<dl class="pgw-summary">.*?</dl>', page)))


def test_it_is_shown_wherever_there_is_little_room(asked, ann):
    approval = asked()
    partner = str(Account.objects.get())
    told = [("total", "9.50"), ("partner", partner)]
    email = mail.outbox[-1]
    link = re.search(rf"{URL}(\S+/link/\S+)", email.body)[1]
    for way in ("/approvals/", "/approvals/all/", f"/approvals/{approval.pk}/", link):
        assert in_short(ann.get(way).content.decode()) == told, way
    chosen = {"verdict": "approve", "selected": f"{approval.pk}:{approval.revision}"}
    assert in_short(ann.post("/approvals/bulk/", chosen).content.decode()) == told
    assert f"  total: 9.50\n  partner: {partner}\n" in email.body
    assert "<li>total: 9.50</li>" in email.alternatives[0][0]
    for way in ("/api/approvals/", f"/api/approvals/{approval.pk}/"):
        answer = ann.get(way).json()
        found = answer["results"][0] if "results" in answer else answer
        assert list(found["summary"].items()) == [("total", "9.50"), ("partner", partner)], way


def test_page_says_through_what_somebody_decided(asked, ann):
    approval = asked()
    ann.post(f"/approvals/{approval.pk}/approve/", {"revision": approval.revision, "comment": "fine"})
    assert "through the site" in ann.get(f"/approvals/{approval.pk}/").content.decode()


def test_nothing_is_shown_where_nothing_is_declared(asked, ann):
    approval = asked(Purchase.objects.create(total=3))
    assert "pgw-summary" not in ann.get("/approvals/").content.decode()
    assert ann.get(f"/api/approvals/{approval.pk}/").json()["summary"] == {}


def test_what_is_hidden_later_is_hidden_in_short_too(asked, ann):
    asked()
    with override_settings(PGWORKFLOWS={"REDACT": ["total"]}):
        assert in_short(ann.get("/approvals/").content.decode())[0] == ("total", "[hidden]")
        assert ann.get("/api/approvals/").json()["results"][0]["summary"]["total"] == "[hidden]"


@pytest.mark.parametrize(("stored", "told"), [([1], []), ({"total": ["x"] * 90}, [("total", ("x, " * 27)[:79] + "…")]), ({}, [])])
def test_what_sql_put_in_spoils_no_list(asked, ann, stored, told):
    asked()
    with amending("The test"):
        Approval.objects.update(snapshot=stored)
    assert in_short(ann.get("/approvals/").content.decode()) == told
