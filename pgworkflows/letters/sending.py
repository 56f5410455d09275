"""Telling people: the signal once, and one letter a person until the mail server has taken it."""

from __future__ import annotations

from collections.abc import Sequence
from smtplib import SMTPRecipientsRefused
from typing import Any

from .. import signals
from ..conf import conf
from ..models import Approval
from ..store.announcements import Happening
from ..store.connection import database
from .composing import ASKING, Letter
from .recipients import address_of, people, recipients

#: Letters in one call of the step, so that it ends in time.
AT_ONCE = 20
#: A mail server's codes from here on mean that trying again is of no use.
PERMANENT = 500


class LettersNotSent(Exception):  # noqa: N818 - what it is
    """The mail server has taken none of the letters; they will be tried again."""


def send_signal(approval: int, happening: Happening) -> list[Any]:
    """Send the happening's signal; return the primary keys of those who have to be written to."""
    row = _find(approval)
    if row is None:
        return []
    told = recipients(row, happening)
    for receiver, error in signals.APPROVAL_SIGNALS[happening].send_robust(Approval, approval=row, recipients=told):
        if isinstance(error, Exception):
            signals.neighbour_failed.send_robust(Approval, what=f"receiver {receiver!r}", error=error)
    return [person.pk for person in told if address_of(person)] if conf().BASE_URL else []


def send_letters(approval: int, happening: Happening, keys: Sequence[Any], key: str) -> list[Any]:
    """Write to some of these people, one letter each; return the primary keys of those still to be written to.

    What would come too late, since the approval is decided meanwhile, is not sent. Raises LettersNotSent where the mail
    server took none.
    """
    row = _find(approval)
    if row is None or (happening in ASKING and row.status != Approval.Status.PENDING):
        return []
    letter = Letter(approval=row, happening=happening, key=key)
    now, later = list(keys[:AT_ONCE]), list(keys[AT_ONCE:])
    left = {person.pk: person for person in people(now)}
    problem: OSError | None = None
    for person in list(left.values()):
        try:
            _send(letter, person)
            del left[person.pk]
        except SMTPRecipientsRefused as error:  # perhaps later; the others need not wait for it
            problem = error
        except OSError as error:  # SMTPException is one too
            problem = error
            break
    if problem is not None and len(left) == len(now):
        raise LettersNotSent(f"{type(problem).__name__}: {problem}") from problem
    return [*left, *later]


def _send(letter: Letter, person: Any) -> None:
    """Hand it to the mail server; an address that it refuses for good is reported, and counts as written to."""
    try:
        letter.to(person).send()
    except SMTPRecipientsRefused as error:
        if any(code < PERMANENT for code, _ in error.recipients.values()):
            raise
        signals.neighbour_failed.send_robust(Approval, what=f"the letter to {address_of(person)}", error=error)


def _find(approval: int) -> Approval | None:
    rows = Approval.objects.using(database().alias).select_related("policy", "stage", "requested_by")
    return rows.filter(pk=approval).first()
