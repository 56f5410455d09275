"""A real mail server, and people to write to."""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import django
import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import Group, User

from pgworkflows import request_approval, workflow
from pgworkflows.models import Approval


class MailServer:
    """Takes mail on a port of its own; an address in `answers` gets that answer instead, and what goes to `spam` is refused.

    The next `busy` e-mails are put off.
    """

    def __init__(self) -> None:
        self.messages: list[email.message.EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.spam: set[str] = set()
        self.busy = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller: Controller | None = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the library's name
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        if self.busy:
            self.busy -= 1
            return "451 busy, try again"
        if self.spam.intersection(envelope.rcpt_tos):
            return "554 looks like spam"
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            with suppress(AssertionError):  # it has been stopped before
                self.controller.stop()

    def to(self, name: str) -> list[email.message.EmailMessage]:
        """Return what came for somebody."""
        return [message for message in self.messages if message["To"] == f"{name}@example.com"]


@pytest.fixture
def mail(settings) -> Iterator[MailServer]:
    """Run a mail server, and have Django send by it."""
    server = MailServer()
    if django.VERSION >= (6, 1):
        options = {"host": "127.0.0.1", "port": server.port, "timeout": 5}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    else:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    settings.PGWORKFLOWS = {"BASE_URL": "https://shop.example/", "FROM_EMAIL": "approvals@shop.example"}
    settings.ROOT_URLCONF = "tests.emails.site_urls"
    server.start()
    yield server
    server.stop()


@pytest.fixture
def people(db):
    """Make users: ann and bob are bosses, eve asks, dan is nobody yet, mute is a boss without an address."""
    names = ("ann", "bob", "eve", "dan")
    made = SimpleNamespace(**{name: User.objects.create_user(name, email=f"{name}@example.com") for name in names})
    made.mute = User.objects.create_user("mute")
    Group.objects.create(name="bosses").user_set.add(made.ann, made.bob, made.mute)
    return made


@pytest.fixture
def post(pgworkflows):
    """Return a way to have the e-mails of this minute go out."""

    def post() -> None:
        pgworkflows.run_workflows()
        pgworkflows.move_clock(timedelta(minutes=1))
        pgworkflows.run_workflows()

    return post


@pytest.fixture
def ask(people, pgworkflows, post):
    """Return a way to have eve ask the bosses; it gives the approval."""

    def ask(title: str = "Buy chairs", *, posted: bool = True, **options) -> Approval:
        given = {"groups": ["bosses"], "description": "Four of them.", "timeout": 3600} | options

        @workflow(name="tests.ask")
        def body() -> str:
            return request_approval(title, **given).status

        started = body.using(requested_by=people.eve).start()
        (post if posted else pgworkflows.run_workflows)()
        return started.approvals.latest("pk")

    return ask
