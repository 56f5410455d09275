"""Having people told what happens to an approval, by a workflow of its own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from ... import signals
from ...conf import conf
from ...definitions.registry import registry
from ...models import Approval
from ...models.workflow import TROUBLED
from ...values.encoding import decode
from .. import starting

#: The workflow that sends signals and e-mails, in an outside step.
ANNOUNCE = "pgworkflows.announce"
#: The workflow that writes one person one e-mail.
EMAIL = "pgworkflows.email"


#: What goes on behind the project's own workflows: lists leave it out, unless it is asked for or did not go as hoped.
BEHIND = Q(name__in=(ANNOUNCE, EMAIL)) & ~Q(status__in=TROUBLED)


class Notification(StrEnum):
    """What people are told of."""

    REQUESTED = "requested"
    REMINDER = "reminder"
    DECIDED = "decided"
    EXPIRED = "expired"


def announce(approval: Approval, notification: Notification, at: datetime | None = None) -> None:
    """Start the announcement in this transaction, once for each notification, status and time, if anybody is to be told."""
    if not conf().BASE_URL and not any(signal.has_listeners() for signal in signals.APPROVAL_SIGNALS.values()):
        return
    key = f"{approval.pk}/{notification}/{approval.status}" + (f"/{at.isoformat()}" if at is not None else "")
    of = approval.workflow
    announcement = registry.latest(ANNOUNCE).using(key=key, queue=of.queue, requested_by="", attributes=decode(of.attributes))
    starting.start(announcement, {"approval": approval.pk, "notification": str(notification)})
