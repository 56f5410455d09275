"""One e-mail to one person: subject, text and HTML from templates, in the person's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.urls import NoReverseMatch
from django.utils import translation

from ..conf import conf
from ..models import Approval
from ..presentation import links
from ..presentation.summaries import summary_texts
from ..site import decision_links
from ..store.approvals.announcements import Notification
from ..telemetry import points
from ..values.people import User
from ..values.redaction import Redactor
from .recipients import address_of

TEMPLATES = "pgworkflows/email"
ASKING = (Notification.REQUESTED, Notification.REMINDER)
#: The most that one e-mail lists.
LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened to an approval."""

    approval: Approval
    notification: Notification

    def render(self, kind: str, context: dict[str, Any]) -> str:
        """Render one of its notification's templates."""
        return render_to_string(f"{TEMPLATES}/{self.notification}.{kind}", context)

    def subject(self, context: dict[str, Any]) -> str:
        """Say it in one line."""
        return " ".join(self.render("subject.txt", context).split())

    def context(self, person: User) -> dict[str, Any]:
        """Return what the templates get for one person."""
        approval, redactor = self.approval, Redactor.of_approval(self.approval)
        decision = approval.decisions.order_by("pk").last() if approval.status != Approval.Status.WITHDRAWN else None
        pending = approval.status == Approval.Status.PENDING
        return {
            "approval": redactor.row(approval, "title", "description"),
            "summary": summary_texts(approval, redactor),
            "person": person,
            "is_requester": approval.requested_by_id == person.pk,
            "sent_back": approval.status == Approval.Status.CHANGES_REQUESTED,
            "decision": decision and redactor.row(decision, "comment"),
            "page_url": page_url(approval),
            "decision_url": decision_url(approval, person) if pending and self.notification in ASKING else "",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """What an e-mail is about; `key` is the same however often it has to be sent."""

    news: list[News]
    key: str

    def to(self, person: User) -> EmailMultiAlternatives:
        """Write it to one person: as the templates of what happened say it, or as a list where there is more than one thing."""
        with translation.override(language_of(person)):
            subject, text, html = self._one(person) if len(self.news) == 1 else self._list(person)
            message = EmailMultiAlternatives(
                subject=subject,
                body=text,
                from_email=conf().FROM_EMAIL or settings.DEFAULT_FROM_EMAIL,
                to=[address_of(person)],
                headers={"Message-ID": self._message_id(person), "Auto-Submitted": "auto-generated"},
            )
            message.attach_alternative(html, "text/html")
        return message

    def _one(self, person: User) -> tuple[str, str, str]:
        news, context = self.news[0], self.news[0].context(person)
        return news.subject(context), news.render("txt", context), news.render("html", context)

    def _list(self, person: User) -> tuple[str, str, str]:
        entries, failed = [], None
        for news in self.news[:LISTED]:
            try:
                context = news.context(person)
                entries.append({**context, "notification": news.notification, "subject": news.subject(context)})
            except DatabaseError:
                raise
            except Exception as error:
                failed = error
                what = f"the e-mail to {address_of(person)} about approval {news.approval.pk}"
                points.failed.emit(what=what, error=error)
        if not entries and failed is not None:
            raise failed
        given = {"person": person, "entries": entries, "count": len(self.news), "more": len(self.news) - len(entries)}
        subject, text, html = (render_to_string(f"{TEMPLATES}/list.{kind}", given) for kind in ("subject.txt", "txt", "html"))
        return " ".join(subject.split()), text, html

    def _message_id(self, person: User) -> str:
        """Let mail programs recognise an e-mail that had to be sent twice."""
        host = conf().BASE_URL.partition("://")[2].partition("/")[0].partition(":")[0] or "localhost"
        return f"<{self.key}.{person.pk}@{host}>"


def language_of(person: User) -> str:
    """Return the `language` that a project's user model has, where it is a language that Django knows; else the default."""
    language = getattr(person, "language", None)
    return language if isinstance(language, str) and translation.check_for_language(language) else settings.LANGUAGE_CODE


def page_url(approval: Approval) -> str:
    """Return the absolute address of the approval's page: on the site, else in the admin, else nowhere."""
    try:
        return links.absolute("pgworkflows_site:page", approval.pk)
    except NoReverseMatch:
        return links.absolute_in_admin(Approval, approval.pk)


def decision_url(approval: Approval, person: User) -> str:
    """Return the absolute address where this person can decide, empty where the project has no such pages."""
    try:
        return decision_links.decision_url(approval, person)
    except NoReverseMatch:
        return ""
