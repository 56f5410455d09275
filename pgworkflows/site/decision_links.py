"""Links in e-mails: signed, for one person, one approval and what it showed. A link by itself decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

from ..conf import conf
from ..models import Approval
from ..presentation.links import absolute
from ..store.connection import database_now
from ..values.people import User

SALT = "pgworkflows.decision-link"


class BadLink(Exception):  # noqa: N818 - what it is
    """Nobody here signed this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token says: who may decide which approval, what it showed, and the verdict that the e-mail offered, if any."""

    approval: int
    #: The primary key as text.
    user: str
    snapshot_hash: str
    verdict: str
    signed_at: datetime

    @property
    def has_expired(self) -> bool:
        """Whether LINK_MAX_AGE has passed, by the database's clock."""
        return database_now() - self.signed_at > timedelta(seconds=conf().LINK_MAX_AGE)


def decision_url(approval: Approval, user: User, verdict: str = "") -> str:
    """Return the absolute address, from BASE_URL on, where this user can decide; `verdict` is offered first, never taken.

    Raises NoReverseMatch where the project does not include `pgworkflows.site.urls`.
    """
    if verdict and verdict not in Approval.Verdict.values:
        raise ValueError(f"verdict={verdict!r} must be one of {', '.join(Approval.Verdict.values)}.")
    return absolute("pgworkflows_site:link", token_for(approval, user, verdict))


def token_for(approval: Approval, user: User, verdict: str = "") -> str:
    """Sign who may decide what."""
    said = [approval.pk, str(user.pk), approval.snapshot_hash, verdict, database_now().timestamp()]
    return signing.Signer(salt=SALT).sign_object(said)


def read(token: str) -> Link:
    """Return what a token says; raise BadLink unless it was signed here."""
    try:
        approval, user, snapshot_hash, verdict, moment = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise BadLink(token) from error
    signed_at = datetime.fromtimestamp(moment, tz=database_now().tzinfo)
    return Link(approval=approval, user=user, snapshot_hash=snapshot_hash, verdict=verdict, signed_at=signed_at)
