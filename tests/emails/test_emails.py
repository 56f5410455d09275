"""Who gets which e-mail, and what it says."""

import sys
import types
from datetime import timedelta

import pytest
from django.utils import timezone

from pgworkflows import request_approval, workflow
from pgworkflows.emails import composing
from pgworkflows.models import Workflow
from pgworkflows.store.approvals.delegations import delegate


def text_of(message) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(message) -> str:
    return message.get_body(("html",)).get_content()


def told(mail) -> list[tuple[str, str]]:
    return sorted((message["To"].partition("@")[0], message["Subject"]) for message in mail.messages)


def test_each_decider_gets_an_email(mail, ask):
    ask()
    assert told(mail) == [("ann", "Please decide: Buy chairs"), ("bob", "Please decide: Buy chairs")]
    assert {message["From"] for message in mail.messages} == {"approvals@shop.example"}
    assert {message["Auto-Submitted"] for message in mail.messages} == {"auto-generated"}


def test_thirty_requests_of_a_minute_are_one_email(mail, people, post):
    @workflow(name="tests.ask_ann")
    def body(title: str) -> str:
        return request_approval(title, users=["ann"]).status

    runs = body.start_many([{"title": f"Buy chair {n} <&>"} for n in range(30)])
    post()
    assert told(mail) == [("ann", "30 messages about approvals")]
    text, html = (read(mail.messages[0]) for read in (text_of, html_of))
    for n, run in enumerate(runs):
        assert f"Please decide: Buy chair {n} <&>\n" in text
        assert f"<h2>Please decide: Buy chair {n} &lt;&amp;&gt;</h2>" in html
        for body_of in (text, html):
            assert f"https://shop.example/approvals/{run.approvals.get().pk}/" in body_of
    assert text.count("https://shop.example/approvals/link/") == 30
    runs[0].approvals.get().approve(people.ann)
    mail.messages.clear()
    post()
    assert mail.messages == []


def test_longest_list_says_how_many_more(mail, people, post, monkeypatch):
    monkeypatch.setattr(composing, "LISTED", 2)

    @workflow(name="tests.ask_ann")
    def body(title: str) -> str:
        return request_approval(title, users=["ann"]).status

    body.start_many([{"title": f"Chair {n}"} for n in range(5)])
    post()
    assert told(mail) == [("ann", "5 messages about approvals")]
    assert text_of(mail.messages[0]).endswith("and 3 more\n")


def test_email_has_absolute_links(mail, ask):
    approval = ask()
    for body in (read(mail.to("ann")[0]) for read in (text_of, html_of)):
        assert f"https://shop.example/approvals/{approval.pk}/" in body
        assert "https://shop.example/approvals/link/" in body
        assert "Four of them." in body


def test_decision_links_are_personal(mail, ask, client, people):
    ask()
    link = next(line for line in text_of(mail.to("ann")[0]).splitlines() if "/link/" in line)
    path = link.removeprefix("https://shop.example")
    client.force_login(people.bob)
    assert client.get(path).status_code == 403
    client.force_login(people.ann)
    assert client.get(path).status_code == 200


def test_stand_ins_are_asked_too(mail, ask, people):
    delegate(people.ann, people.dan, ends_at=timezone.now() + timedelta(days=1))
    delegate(people.bob, people.eve, ends_at=timezone.now() + timedelta(days=1))
    ask()
    assert [name for name, _ in told(mail)] == ["ann", "bob", "dan"]


def test_reminder_goes_to_who_is_left(mail, ask, people, pgworkflows, post):
    ask(quorum=2, remind_every=600).approve(people.ann)
    mail.messages.clear()
    pgworkflows.move_clock(timedelta(minutes=11))
    post()
    assert told(mail) == [("bob", "Still waiting for you: Buy chairs")]


def test_requester_hears_the_decision(mail, ask, people, post):
    approval = ask()
    mail.messages.clear()
    approval.reject(people.bob, comment="too <dear>")
    post()
    assert told(mail) == [("eve", "Your request is rejected: Buy chairs")]
    assert "Decided by: bob\n\ntoo <dear>" in text_of(mail.messages[0])
    assert "too &lt;dear&gt;" in html_of(mail.messages[0])


def test_request_sent_back_says_where_to_submit(mail, ask, people, post):
    approval = ask()
    mail.messages.clear()
    approval.request_changes(people.bob, comment="three will do")
    post()
    assert told(mail) == [("eve", "Please change: Buy chairs")]
    text = text_of(mail.messages[0])
    assert text.startswith("Your request came back. Change it, and submit it again on its page:\n\n  Buy chairs\n")
    assert "Decided by: bob\n\nthree will do\n" in text
    assert text.endswith(f"All about it:\nhttps://shop.example/approvals/{approval.pk}/\n")


def test_withdrawing_after_changes_is_told(mail, ask, people, post):
    approval = ask()
    approval.request_changes(people.bob, comment="three will do")
    post()
    approval.withdraw(people.eve, "never mind")
    post()
    assert [subject for name, subject in told(mail) if name == "eve"] == [
        "Please change: Buy chairs",
        "Your request is withdrawn: Buy chairs",
    ]


def test_expiry_is_told_to_all(mail, ask, pgworkflows, post):
    ask()
    mail.messages.clear()
    pgworkflows.move_clock(timedelta(hours=2))
    post()
    assert told(mail) == [(name, "Nobody decided in time: Buy chairs") for name in ("ann", "bob", "eve")]
    assert "about your request" in text_of(mail.to("eve")[0])


def test_title_cannot_add_headers(mail, ask):
    ask(title="Buy\r\nBcc: spy@example.com")
    assert {message["Subject"] for message in mail.messages} == {"Please decide: Buy Bcc: spy@example.com"}
    assert {name for name, _ in told(mail)} == {"ann", "bob"}


def test_projects_can_bring_their_templates(mail, ask, settings, tmp_path):
    folder = tmp_path / "pgworkflows" / "email"
    folder.mkdir(parents=True)
    (folder / "requested.subject.txt").write_text("Our words: {{ approval.title }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    ask()
    assert {subject for _, subject in told(mail)} == {"Our words: Buy chairs"}


def test_without_address_nobody_writes(mail, ask, settings):
    settings.PGWORKFLOWS = {}
    ask()
    assert mail.messages == []
    assert not Workflow.objects.filter(name="pgworkflows.announce").exists()


@pytest.mark.parametrize("urls", ["demo_shop.nowhere", "tests.ledger.no_pages"])
def test_projects_without_pages_get_no_links(mail, ask, settings, urls, monkeypatch):
    monkeypatch.setitem(sys.modules, urls, types.SimpleNamespace(urlpatterns=[]))
    settings.ROOT_URLCONF = urls
    ask()
    assert "https://" not in text_of(mail.to("ann")[0])


def test_emails_are_translated(mail, ask, settings):
    settings.LANGUAGE_CODE = "de"
    approval = ask()
    email = mail.to("ann")[0]
    assert email["Subject"] == "Bitte entscheiden: Buy chairs"
    assert text_of(email).startswith("Sie werden um eine Entscheidung gebeten:\n\n  Buy chairs\n")
    assert f"Alles dazu:\nhttps://shop.example/approvals/{approval.pk}/" in text_of(email)
    assert '<html lang="de">' in html_of(email)


def test_emails_are_read_from_right_to_left_where_their_language_is(mail, ask, settings):
    settings.LANGUAGE_CODE = "ar"
    ask()
    assert '<html lang="ar" dir="rtl">' in html_of(mail.to("ann")[0])


def test_long_links_break_instead_of_widening_an_email(mail, ask):
    ask()
    assert '<body style="overflow-wrap: anywhere">' in html_of(mail.to("ann")[0])


def test_each_person_reads_their_language(mail, ask, people, monkeypatch, post):
    monkeypatch.setattr(type(people.eve), "language", property(lambda user: {"eve": "de"}.get(user.username)), raising=False)
    ask().reject(people.ann, comment="no")
    post()
    assert mail.to("ann")[0]["Subject"] == "Please decide: Buy chairs"
    assert mail.to("eve")[0]["Subject"] == "Ihre Anfrage ist abgelehnt: Buy chairs"


def test_news_that_wait_are_not_told_to_who_has_decided(mail, ask, people, pgworkflows, post):
    ask()
    pgworkflows.move_clock(-timedelta(minutes=1))
    mail.messages.clear()
    pending = ask("Buy desks", quorum=2, posted=False)
    pending.approve(people.ann)
    post()
    assert told(mail) == [("bob", "Please decide: Buy desks")]
