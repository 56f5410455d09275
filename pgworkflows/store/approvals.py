"""Asking people, and recording what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from ..exceptions import AlreadyDecided, ApprovalExpired, NotAllowed
from ..models import Approval
from .connection import database, query, refuse_foreign_transaction

DECIDE = "SELECT pgworkflows.record_decision(%(approval)s, %(username)s, %(verdict)s, %(comment)s, %(channel)s)"

_REFUSALS = {
    "unknown": "there is no such approval",
    "self": "who asked cannot decide; another person must",
    "unnamed": "only the users and groups that it names can decide",
    "twice": "this person has decided before",
    "nobody": "there is no active user of that name",
}


def decide(approval: int, by: Any, verdict: str, comment: str, *, channel: str) -> None:
    """Record one decision under a lock on the approval; raise NotAllowed, AlreadyDecided or ApprovalExpired."""
    if verdict == Approval.Verdict.REJECT and not comment.strip():
        raise NotAllowed(f"Approval {approval} cannot be rejected without a comment. Say why.")
    refuse_foreign_transaction("approve() or reject()")
    username = by.get_username()
    parameters = {"approval": approval, "username": username, "verdict": str(verdict), "comment": comment, "channel": channel}
    outcome = query(DECIDE, parameters)[0][0]
    if outcome == "decided":
        return
    if outcome == "expired":
        raise ApprovalExpired(approval, str(query(DUE, {"approval": approval})[0][0]))
    if outcome in _REFUSALS:
        raise NotAllowed(f"Approval {approval} cannot be decided by {username}: {_REFUSALS[outcome]}.")
    raise AlreadyDecided(approval, outcome)


DUE = "SELECT due_at FROM pgworkflows_approval WHERE id = %(approval)s"


def request(
    *, workflow: Any, seq: int, users: Any, groups: Any, requested_by: Any, created_at: datetime, **fields: Any
) -> Approval:
    """Insert an approval and whom it asks; raise ValueError naming a user or a group that does not exist."""
    alias = database().alias
    named_users = [_find(get_user_model(), get_user_model().USERNAME_FIELD, user) for user in users]
    named_groups = [_find(Group, "name", group) for group in groups]
    if not named_users and not named_groups:
        raise ValueError("request_approval() names nobody. Pass users= or groups=.")
    approval = Approval.objects.using(alias).create(
        workflow_id=workflow, seq=seq, created_at=created_at, requested_by_id=requested_by, **fields
    )
    approval.users.set(named_users)
    approval.groups.set(named_groups)
    return approval


def _find(model: Any, field: str, wanted: Any) -> Any:
    if not isinstance(wanted, str):
        return wanted.pk
    try:
        return model._base_manager.using(database().alias).only("pk").get(**{field: wanted}).pk
    except model.DoesNotExist:
        raise ValueError(f"request_approval() names {model._meta.verbose_name} {wanted!r}, which does not exist.") from None


EXPIRE = """
UPDATE pgworkflows_approval SET status = 'EXPIRED', decided_at = pgworkflows.now()
WHERE id = %(approval)s AND status IN ('PENDING', 'CHANGES_REQUESTED') RETURNING id
"""
