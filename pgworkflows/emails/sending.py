"""Telling people: the signal once, and one e-mail a person and minute until the mail server has taken it."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import Error as DatabaseError
from django.db import transaction

from .. import signals
from ..conf import conf
from ..definitions.workflow import WorkflowFunction
from ..models import Approval, Event, Workflow
from ..store.approvals.announcements import Notification
from ..store.approvals.decisions import principals, refusal
from ..store.connection import database, database_now
from ..telemetry import points
from ..values.people import User
from .composing import ASKING, Email, News
from .recipients import address_of, people, recipients

MINUTE = timedelta(minutes=1)
#: The event that puts something into somebody's next e-mail.
NEWS = "email"
#: A mail server's codes from here on mean that trying again is of no use.
PERMANENT = 500


def tell(approval: int, notification: Notification, email: WorkflowFunction[..., Any], *, key: str) -> None:
    """Send the signal, and put the news into an e-mail to each whom they concern, once for the workflow that `key` names."""
    row = _find(approval)
    if row is None:
        return
    told = recipients(row, notification)
    for receiver, error in signals.APPROVAL_SIGNALS[notification].send_robust(Approval, approval=row, recipients=told):
        if isinstance(error, Exception):
            points.failed.emit(what=f"receiver {receiver!r}", error=error)
    if not conf().BASE_URL:
        return
    news, now = {"approval": approval, "notification": notification}, _minute_of(database_now())
    heard = _heard([person.pk for person in told], now, key, email.name)
    for person in told:
        if person.pk in heard:
            continue
        minute, next_one = now, email.using(queue=row.workflow.queue, requested_by="")
        while not _put_into(next_one.using(key=_key(person.pk, minute), run_after=minute), person.pk, news, key):
            minute += MINUTE  # this one's has gone


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _key(person: User, minute: datetime) -> str:
    return f"{person}/{minute.isoformat()}"


def _heard(people: list[Any], now: datetime, key: str, email: str) -> set[Any]:
    """Return those into whose e-mail of some minute an attempt before this one has put the news."""
    minute = _minute_of(Workflow.objects.using(database().alias).values_list("created_at", flat=True).get(pk=key))
    emails = dict[str, Any]()
    while minute <= now + MINUTE:
        emails |= {_key(person, minute): person for person in people}
        minute += MINUTE
    events = Event.objects.using(database().alias).filter(name=NEWS, key=key, workflow__name=email, workflow__key__in=emails)
    return {emails[found] for found in events.values_list("workflow__key", flat=True) if found}


def _put_into(email: WorkflowFunction[..., Any], person: User, news: dict[str, Any], key: str) -> bool:
    """Start the e-mail of that minute unless it is there, and return whether it was still open."""
    with transaction.atomic(using=database().alias):
        rows = Workflow.objects.using(database().alias)
        wanted = rows.filter(name=email.name, key=email.key).values_list("pk", flat=True).first() or email.start(person).pk
        # Whoever runs it now passes it by, or has it already: what comes after the look must not be lost.
        held = rows.select_for_update(no_key=True).get(pk=wanted)
        if held.started_at is None and not held.is_finished:
            held.send_event(NEWS, news, key=key, by="")
            return True
    return False


def write(key: Any, happened: list[dict[str, Any]], *, email: str) -> None:
    """Write one person one e-mail of all that happened, without what is decided meanwhile; `email` is its own name.

    An e-mail that cannot be written, or that is refused for good, is reported and not tried again; what else is raised is.
    """
    person = next(iter(people([key])), None)
    news = {(each["approval"], each["notification"]): None for each in happened}
    if person is None or not getattr(person, "is_active", True) or not address_of(person):
        return
    left = [found for approval, notification in news if (found := _still_news(approval, Notification(notification), person))]
    if not left:
        return
    message = None
    try:
        message = Email(news=left, key=email).to(person)
        message.send()
    except DatabaseError:
        raise
    except Exception as error:
        if not _is_for_good(error, message):
            raise
        whom = message.to[0] if message is not None else f"user {person.pk}"
        points.failed.emit(what=f"the e-mail to {whom}", error=error)


def _still_news(approval: int, notification: Notification, person: User) -> News | None:
    row = _find(approval)
    if row is None or (notification in ASKING and not _still_asks(row, person)):
        return None
    return News(approval=row, notification=notification)


def _still_asks(approval: Approval, person: User) -> bool:
    """Whether this person may decide, or stands in for somebody who may."""
    return not refusal(approval, person) or any(not refusal(approval, person, name) for name in principals(approval, person))


def _is_for_good(error: Exception, message: EmailMultiAlternatives | None) -> bool:
    """Whether trying again is of no use: it cannot be written, or nothing can be sent to this address, or it was refused."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= PERMANENT
    return message is None or isinstance(error, ValueError)


def _find(approval: int) -> Approval | None:
    rows = Approval.objects.using(database().alias).select_related("policy", "stage", "requested_by", "workflow")
    return rows.filter(pk=approval).first()
