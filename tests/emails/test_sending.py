"""Signals and e-mails go out at least once, whatever the mail server does; an approval never waits for it."""

from datetime import timedelta

import pytest
from django.dispatch import Signal

from pgworkflows import signals, workflows
from pgworkflows.emails import sending
from pgworkflows.models import Workflow
from pgworkflows.store.approvals.announcements import Notification
from pgworkflows.telemetry import points


@pytest.fixture
def heard():
    """Collect what a signal says."""
    connected: list[tuple[Signal, object]] = []

    def listen(signal: Signal, error: Exception | None = None) -> list[dict[str, object]]:
        said: list[dict[str, object]] = []

        def receiver(**given):
            said.append(given)
            if error is not None:
                raise error

        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))
        return said

    yield listen
    for signal, receiver in connected:
        signal.disconnect(receiver)


@pytest.fixture
def failed():
    """Collect what is told of failures."""
    said: list[dict[str, object]] = []

    def hear(**facts):
        said.append(facts)

    with points.failed.subscribed(hear):
        yield said


def emails() -> list[str]:
    """Return how the e-mails stand, the oldest first."""
    return list(Workflow.objects.filter(name="pgworkflows.email").order_by("pk").values_list("status", flat=True))


def test_server_that_is_down_is_tried_again(mail, ask, pgworkflows, heard):
    requested = heard(signals.approval_requested)
    mail.stop()
    ask()
    assert (mail.messages, emails()) == ([], ["PENDING", "PENDING", "COMPLETED"])
    mail.start()
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert len(mail.messages) == 2
    assert emails() == ["COMPLETED"] * 3
    assert len(requested) == 1


def test_approval_does_not_wait_for_emails(mail, ask, people, pgworkflows):
    mail.stop()
    approval = ask()
    approval.approve(people.ann)
    pgworkflows.run_workflows()
    assert approval.workflow.wait(0) == "APPROVED"


def test_decided_meanwhile_is_not_asked(mail, ask, people, post):
    mail.stop()
    ask().approve(people.ann)
    mail.start()
    post()
    assert [message["Subject"] for message in mail.messages] == ["Your request is approved: Buy chairs"]


def test_nobody_is_written_to_twice(mail, ask, pgworkflows):
    mail.answers["bob@example.com"] = "450 try later"
    ask()
    assert [message["To"] for message in mail.messages] == ["ann@example.com"]
    mail.answers.clear()
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert [message["To"] for message in mail.messages] == ["ann@example.com", "bob@example.com"]


def test_refused_address_stops_nobody_else(mail, ask, failed):
    mail.answers["ann@example.com"] = "550 no such user"
    ask()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    assert emails() == ["COMPLETED"] * 3
    assert [said["what"] for said in failed] == ["the e-mail to ann@example.com"]


def test_whom_a_busy_server_puts_off_comes_later(mail, ask, pgworkflows):
    mail.busy = 1
    ask()
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert [message["To"] for message in mail.messages] == ["bob@example.com", "ann@example.com"]


@pytest.mark.parametrize(
    "address", ["no at sign", "ann@exämple..com", "ann@example.com, eve@example.com", "ärger@example.com", "<ann"]
)
def test_address_that_is_none_costs_nobody_else(mail, ask, people, failed, address):
    type(people.ann).objects.filter(pk=people.ann.pk).update(email=address)
    ask()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    assert emails() == ["COMPLETED"] * 3
    assert [said["what"] for said in failed] == [f"the e-mail to {address}"]


def test_email_that_cannot_be_written_costs_nobody_else(mail, ask, people, failed, monkeypatch):
    def language(user):
        if user.username == "ann":
            raise LookupError("no profile")
        return "de"

    monkeypatch.setattr(type(people.ann), "language", property(language), raising=False)
    ask()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    assert emails() == ["COMPLETED"] * 3
    assert [(said["what"], str(said["error"])) for said in failed] == [(f"the e-mail to user {people.ann.pk}", "no profile")]


def test_email_refused_for_what_it_says_is_not_tried_again(mail, ask, failed):
    mail.spam.add("ann@example.com")
    ask()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    assert emails() == ["COMPLETED"] * 3
    assert [said["what"] for said in failed] == ["the e-mail to ann@example.com"]


def test_full_mailboxes_hold_nobody_up(mail, ask, pgworkflows):
    mail.answers["ann@example.com"] = "452 mailbox full"
    ask(timeout=None)
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    for _ in range(20):
        pgworkflows.move_clock(timedelta(hours=2))
        pgworkflows.run_workflows()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    assert emails() == ["FAILED", "COMPLETED", "COMPLETED"]


class ProviderError(Exception):
    pass


def test_error_of_a_mail_provider_is_tried_again(mail, ask, pgworkflows, monkeypatch):
    send = sending.EmailMultiAlternatives.send

    def refuse_ann(message, *args, **kwargs):
        if message.to == ["ann@example.com"]:
            raise ProviderError("throttled")
        return send(message, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(sending.EmailMultiAlternatives, "send", refuse_ann)
        ask()
    assert [message["To"] for message in mail.messages] == ["bob@example.com"]
    pgworkflows.move_clock(timedelta(minutes=1))
    pgworkflows.run_workflows()
    assert [message["To"] for message in mail.messages] == ["bob@example.com", "ann@example.com"]


def test_same_email_has_the_same_id(mail, ask, pgworkflows):
    with pgworkflows.crash_at("after_outside_call", occurrence=2):
        ask()
    pgworkflows.run_workflows()
    ids = [message["Message-ID"] for message in mail.to("ann")]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize("point", ["before_outside_call", "after_outside_call"])
def test_crash_while_emails_are_posted_loses_none(mail, ask, post, pgworkflows, point):
    with pgworkflows.crash_at(point, occurrence=1):
        ask()
    post()
    assert {message["To"] for message in mail.messages} == {"ann@example.com", "bob@example.com"}


def test_news_are_told_once_though_their_announcement_is_made_again(mail, ask, pgworkflows, post):
    ask(posted=False)
    announced = Workflow.objects.get(name="pgworkflows.announce")
    approval, notification = announced.kwargs["approval"], Notification.REQUESTED
    pgworkflows.move_clock(timedelta(minutes=3))
    sending.tell(approval, notification, workflows.email, key=str(announced.pk))
    post()
    assert sorted(message["To"] for message in mail.messages) == ["ann@example.com", "bob@example.com"]


def test_news_after_an_email_has_begun_are_in_the_next(mail, ask, people, post, pgworkflows):
    ask()
    assert emails() == ["COMPLETED"] * 3
    pgworkflows.move_clock(-timedelta(minutes=1))
    ask("Buy desks")  # in the minute whose e-mails have gone
    post()
    assert [message["Subject"] for message in mail.to("ann")] == ["Please decide: Buy chairs", "Please decide: Buy desks"]


def test_signals_go_without_mail(ask, people, pgworkflows, heard):
    said = {name: heard(signal) for name, signal in signals.APPROVAL_SIGNALS.items()}
    approval = ask(remind_every=600)
    pgworkflows.move_clock(timedelta(minutes=11))
    pgworkflows.run_workflows()
    approval.approve(people.ann)
    pgworkflows.run_workflows()
    assert [len(said[name]) for name in ("requested", "reminder", "decided", "expired")] == [1, 1, 1, 0]
    assert said["requested"][0]["recipients"] == [people.ann, people.bob, people.mute]
    assert said["decided"][0]["recipients"] == [people.eve]
    assert said["decided"][0]["approval"].status == "APPROVED"


def test_failing_receiver_holds_nothing_up(mail, ask, heard, failed):
    heard(signals.approval_requested, ValueError("not today"))
    ask()
    assert len(mail.messages) == 2
    assert [str(said["error"]) for said in failed] == ["not today"]
