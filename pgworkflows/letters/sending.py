"""Telling people: the signal once, and one letter a person until the mail server has taken it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import Error as DatabaseError

from .. import signals
from ..conf import conf
from ..models import Approval
from ..store.announcements import Happening
from ..store.connection import database
from .composing import ASKING, Letter
from .recipients import address_of, people, recipients

#: Letters in one call of the step, and seconds after which it begins no other, so that it ends in time.
AT_ONCE = 20
LONGEST = 120.0
#: A mail server's codes from here on mean that trying again is of no use.
PERMANENT = 500


class LettersNotSent(Exception):  # noqa: N818 - what it is
    """None of the letters has gone out; they will be tried again."""


def send_signal(approval: int, happening: Happening) -> list[Any]:
    """Send the happening's signal; return the primary keys of those who may have to be written to."""
    row = _find(approval)
    if row is None:
        return []
    told = recipients(row, happening)
    for receiver, error in signals.APPROVAL_SIGNALS[happening].send_robust(Approval, approval=row, recipients=told):
        if isinstance(error, Exception):
            signals.neighbour_failed.send_robust(Approval, what=f"receiver {receiver!r}", error=error)
    return [person.pk for person in told] if conf().BASE_URL else []


def send_letters(approval: int, happening: Happening, keys: Sequence[Any], key: str) -> list[Any]:
    """Write to some of these people, one letter each; return the primary keys of those still to be written to.

    A letter that cannot be written, or that is refused for good, is reported and not tried again. Whoever else cannot be
    reached comes last in what is returned. What would come too late, since the approval is decided meanwhile, is not sent.
    Raises LettersNotSent where nobody could be dealt with.
    """
    row = _find(approval)
    if row is None or (happening in ASKING and row.status != Approval.Status.PENDING):
        return []
    a_round = Round(letter=Letter(approval=row, happening=happening, key=key))
    left = people(keys)
    while left and a_round.goes_on:
        a_round.write_to(left.pop(0))
    if a_round.problem is not None and not a_round.dealt_with:
        raise LettersNotSent(f"{type(a_round.problem).__name__}: {a_round.problem}") from a_round.problem
    return [person.pk for person in [*left, *a_round.later]]


@dataclass(slots=True, kw_only=True)
class Round:
    """One call's letters: each person by himself, until the mail server does not answer."""

    letter: Letter
    began: float = field(default_factory=time.monotonic)
    dealt_with: int = 0
    later: list[Any] = field(default_factory=list)
    problem: Exception | None = None
    server_is_gone: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether another letter may begin."""
        return not self.server_is_gone and self.dealt_with < AT_ONCE and time.monotonic() - self.began < LONGEST

    def write_to(self, person: Any) -> None:
        """Write to one person; whatever that raises costs nobody else a letter."""
        message = None
        try:
            if not address_of(person):
                return
            message = self.letter.to(person)
            message.send()
        except DatabaseError:
            raise
        except Exception as error:
            if not _is_for_good(error, message):
                self.server_is_gone = isinstance(error, OSError) and not isinstance(error, SMTPRecipientsRefused | SMTPDataError)
                self.problem = error
                self.later.append(person)
                return
            whom = message.to[0] if message is not None else f"user {person.pk}"
            signals.neighbour_failed.send_robust(Approval, what=f"the letter to {whom}", error=error)
        self.dealt_with += 1


def _is_for_good(error: Exception, message: EmailMultiAlternatives | None) -> bool:
    """Whether trying again is of no use: it cannot be written, or nothing can be sent to this address, or it was refused."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= PERMANENT
    return message is None or isinstance(error, ValueError)


def _find(approval: int) -> Approval | None:
    rows = Approval.objects.using(database().alias).select_related("policy", "stage", "requested_by")
    return rows.filter(pk=approval).first()
