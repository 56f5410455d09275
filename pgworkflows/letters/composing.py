"""One letter to one person: subject, text and HTML from templates, in the person's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import NoReverseMatch
from django.utils import translation

from ..conf import conf
from ..models import Approval
from ..site import addresses, links
from ..store.announcements import Happening
from .recipients import address_of

TEMPLATES = "pgworkflows/email"
ASKING = (Happening.REQUESTED, Happening.REMINDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter is about; `key` is the same however often it has to be sent."""

    approval: Approval
    happening: Happening
    key: str

    def to(self, person: Any) -> EmailMultiAlternatives:
        """Write it to one person."""
        with translation.override(language_of(person)):
            context = self._context(person)
            subject = " ".join(self._render("subject.txt", context).split())
            message = EmailMultiAlternatives(
                subject=subject,
                body=self._render("txt", context),
                from_email=conf().FROM_EMAIL or settings.DEFAULT_FROM_EMAIL,
                to=[address_of(person)],
                headers={"Message-ID": self._message_id(person), "Auto-Submitted": "auto-generated"},
            )
            message.attach_alternative(self._render("html", context), "text/html")
        return message

    def _render(self, kind: str, context: dict[str, Any]) -> str:
        return render_to_string(f"{TEMPLATES}/{self.happening}.{kind}", context)

    def _context(self, person: Any) -> dict[str, Any]:
        approval = self.approval
        pending = approval.status == Approval.Status.PENDING
        return {
            "approval": approval,
            "person": person,
            "is_requester": approval.requested_by_id == person.pk,
            "sent_back": approval.status == Approval.Status.CHANGES_REQUESTED,
            "decision": approval.decisions.order_by("pk").last() if approval.status != Approval.Status.WITHDRAWN else None,
            "page_url": page_url(approval),
            "decision_url": decision_url(approval, person) if pending and self.happening in ASKING else "",
        }

    def _message_id(self, person: Any) -> str:
        """Let mail programs recognise a letter that had to be sent twice."""
        host = conf().BASE_URL.partition("://")[2].partition("/")[0].partition(":")[0] or "localhost"
        return f"<{self.key}.{person.pk}@{host}>"


def language_of(person: Any) -> str:
    """Return the `language` that a project's user model has, where it is a language that Django knows; else the default."""
    language = getattr(person, "language", None)
    return language if isinstance(language, str) and translation.check_for_language(language) else settings.LANGUAGE_CODE


def page_url(approval: Approval) -> str:
    """Return the absolute address of the approval's page: on the site, else in the admin, else nowhere."""
    try:
        return addresses.absolute("pgworkflows_site:page", approval.pk)
    except NoReverseMatch:
        return addresses.absolute_in_admin(Approval, approval.pk)


def decision_url(approval: Approval, person: Any) -> str:
    """Return the absolute address where this person can decide, empty where the project has no such pages."""
    try:
        return links.decision_url(approval, person)
    except NoReverseMatch:
        return ""
