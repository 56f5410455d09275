"""What names a subject: written at the start, kept up with, shown and found, and forgotten."""

from urllib.parse import quote

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from pgworkflows import describe_subject, request_approval, wait_for_event, workflow
from pgworkflows.models import Approval, Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.store.retention.forgetting import forget
from pgworkflows.store.retention.guards import amending
from tests.ledger.models import Account
from tests.workers import rows


@pytest.fixture
def asking(people):
    @workflow(name="tests.asks_later")
    def body() -> str:
        wait_for_event("go")
        return request_approval("Close it", users=["ann"]).status

    write_definition(body)
    describe_subject(Account, text=lambda account: f"Account of\n{account.name}" + "." * 300)
    return body


def text() -> str:
    return Workflow.objects.get(name="tests.asks_later").subject_text


def test_text_is_written_at_start_and_when_an_approval_opens(asking, pgworkflows):
    account = Account.objects.create(name="Müller")
    run = asking.using(subject=account).start()
    assert run.subject_text == text() == "Account of Müller" + "." * 183
    Account.objects.update(name="Meier")
    pgworkflows.run_workflows()
    assert "Müller" in text()
    run.send_event("go")
    pgworkflows.run_workflows()
    assert text().startswith("Account of Meier")


def test_text_is_shown_and_found(asking, people, pgworkflows):
    asking.using(subject=Account.objects.create(name="Müller")).start().send_event("go")
    asking.using(subject=Account.objects.create(name="Meier")).start()
    pgworkflows.run_workflows()
    browser = Client()
    browser.force_login(people.root)
    for way in ("/admin/pgworkflows/workflow/?q=mülle", "/api/workflows/?search=mülle"):
        page = browser.get(way).content.decode()
        assert "Account of Müller" in page
        assert "Meier" not in page
    for way in ("/approvals/all/?q=Müller", "/api/approvals/?search=Müller"):
        assert "Close it" in browser.get(way).content.decode()
    assert "Account of Müller" in browser.get("/approvals/all/").content.decode()


def test_words_are_found_whatever_joins_them(asking, people, pgworkflows):
    for name in ("PR-2026-0107 12.50 ann@example.com a_b/c", "PR-2026-0108"):
        asking.using(subject=Account.objects.create(name=name)).start().send_event("go")
    pgworkflows.run_workflows()
    browser = Client()
    browser.force_login(people.root)
    for typed in ("PR-2026-0107", "2026-0107", "0107", "12.50", "12.5", "ann@example.com", "example", "a_b", "b/c", "A:PR 0107"):
        for way in ("/admin/pgworkflows/workflow/?q=", "/api/workflows/?search=", "/approvals/all/?q="):
            page = browser.get(way + quote(typed)).content.decode()
            assert ("PR-2026-0107" in page, "PR-2026-0108" in page) == (True, False), way + typed


def test_nothing_named_it_but_its_key(asking, people):
    account = Account.objects.create(name="x")
    rows("SELECT pgworkflows.start('tests.asks_later', subject => %s)", f"ledger.account:{account.pk}")
    assert text() == ""
    assert Workflow.objects.get().subject_shown == f"account {account.pk}"


def test_renamed_model_is_still_named(asking, people, pgworkflows):
    run = asking.using(subject=Account.objects.create(name="Müller")).start()
    run.send_event("go")
    pgworkflows.run_workflows()
    with amending("The test"):
        Workflow.objects.update(subject_label="ledger.konto")
        Approval.objects.update(subject_label="ledger.konto")
        ContentType.objects.filter(app_label="ledger", model="account").update(model="konto")
        ContentType.objects.clear_cache()
    browser = Client()
    browser.force_login(people.root)
    ways = ["/admin/pgworkflows/workflow/", f"/admin/pgworkflows/workflow/{run.pk}/change/", "/approvals/all/"]
    ways.append(f"/approvals/{Approval.objects.get().pk}/")
    for way in ways:
        answer = browser.get(way)
        assert (answer.status_code, "Account of Müller" in answer.content.decode()) == (200, True), way


def test_text_is_forgotten(asking, people):
    account = Account.objects.create(name="Müller")
    asking.using(subject=account).start().cancel("no")
    forget(f"ledger.account:{account.pk}")
    assert text() == ""
