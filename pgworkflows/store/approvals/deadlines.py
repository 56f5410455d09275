"""When an approval is due, and what comes of it if nobody decides: a reminder, an escalation, the end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.utils.module_loading import import_string

from ...conf import conf
from ...models import Approval, ApprovalAction
from ...values.durations import moment
from ..actors import WORKER
from ..connection import database, database_now
from .people import active_among, names_among
from .verbs import act


def due(begins: datetime, limit: timedelta | None) -> datetime | None:
    """Return when a time limit ends; the setting DUE may count working days only."""
    if limit is None:
        return None
    count = conf().DUE
    if count is None:
        return begins + limit
    ends = (import_string(count) if isinstance(count, str) else count)(begins, limit)
    return moment(ends, what=f"what PGWORKFLOWS['DUE'] returned for {begins} and {limit}")


def escalate(approval: Approval, now: datetime) -> None:
    """Ask more people, and give everybody the time limit once more."""
    users, groups = approval.escalate_to.get("users", []), approval.escalate_to.get("groups", [])
    approval.users.add(*active_among(users, []))
    approval.groups.add(*Group.objects.using(database().alias).filter(pk__in=groups))
    approval.escalated_at, approval.due_at, approval.revision = now, due(now, approval.time_limit), approval.revision + 1
    approval.save(update_fields=["escalated_at", "due_at", "revision"])
    names = sorted(names_among(users, groups).values())
    act(approval, ApprovalAction.Verb.ESCALATE, WORKER, f"asked as well: {', '.join(names) or 'nobody'}")


def remind(approval: Approval) -> None:
    """Record that those asked are reminded."""
    act(approval, ApprovalAction.Verb.REMIND, WORKER, "")


def expire(approval: Approval) -> None:
    """End it undecided."""
    approval.status, approval.decided_at = Approval.Status.EXPIRED, database_now()
    approval.save(update_fields=["status", "decided_at"])


def lock_unchanged(approval: Approval) -> Approval | None:
    """Lock an approval that stands as it was read; return None where it does not, or somebody acts just now: never wait."""
    rows = Approval.objects.using(database().alias).select_for_update(no_key=True, skip_locked=True, of=("self",))
    return rows.select_related("policy", "stage").filter(pk=approval.pk, status=approval.status, resubmitted_at=None).first()
