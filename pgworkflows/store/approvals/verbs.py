"""What people do to an approval beside deciding it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, JSONField, Q

from ...exceptions import AlreadyDecided, NotAllowed
from ...models import Approval, ApprovalAction
from ...models.functions import DatabaseNow
from ...models.people import may, name_of
from ...values.people import Person, User, UserRow
from ...values.texts import prose
from ..actors import Actor, current_actor, recorded_as
from ..connection import database, database_now, query, refuse_foreign_transaction
from .people import active_user, names_among


@contextmanager
def locked(approval: Approval) -> Iterator[Approval]:
    """Open a transaction, lock the approval in it, and give its row as it is now."""
    refuse_foreign_transaction("a verb of an approval")
    rows = Approval.objects.using(database().alias)
    with transaction.atomic(using=database().alias):
        yield rows.select_for_update(no_key=True, of=("self",)).get(pk=approval.pk)
    approval.refresh_from_db()


def act(approval: Approval, verb: str, actor: Actor, note: str, *, keeps_out: bool = False) -> None:
    """Record an action; a trigger writes the history."""
    ApprovalAction.objects.using(database().alias).create(
        approval=approval, verb=verb, user_id=actor.pk, username=actor.name, note=note, channel=actor.channel,
        keeps_out=keeps_out, at=database_now(),
    )  # fmt: skip


def _change(approval: Approval, **values: Any) -> None:
    Approval.objects.using(database().alias).filter(pk=approval.pk).update(revision=F("revision") + 1, **values)


def _as_person(by: Person) -> tuple[UserRow, Actor]:
    user = active_user(by)
    return user, current_actor(user)


def requester_is_gone(approval: Approval) -> bool:
    """Whether nobody active is known to have asked."""
    return approval.requested_by_id is None or not names_among([approval.requested_by_id], [])


def speaks_for_requester(approval: Approval, user: User) -> bool:
    """Whether a user may withdraw and resubmit: the requester, or where they are gone who holds `reassign_approval`."""
    return user.pk == approval.requested_by_id or (may(user, "reassign_approval") and requester_is_gone(approval))


def _require_requester(approval: Approval, user: User, verb: str) -> None:
    if not speaks_for_requester(approval, user):
        gone = ", who is gone; then who holds the permission reassign_approval can" if requester_is_gone(approval) else ""
        raise NotAllowed(f"Approval {approval.pk} cannot be {verb} by {name_of(user)}: only its requester can{gone}.")


def _require_reason(approval: Approval, text: str, verb: str) -> None:
    if not prose(text, f"the comment on approval {approval.pk}").strip():
        raise NotAllowed(f"Approval {approval.pk} cannot be {verb} without a comment. Say why.")


TELL = "SELECT pgworkflows.tell_asker(%(workflow)s, %(key)s, %(sender)s)"


def withdraw(approval: Approval, by: Person, reason: str) -> None:
    """End it, as its requester."""
    user, actor = _as_person(by)
    with locked(approval) as row, recorded_as(actor, reason):
        _require_requester(row, user, "withdrawn")
        _require_reason(row, reason, "withdrawn")
        if row.status not in (Approval.Status.PENDING, Approval.Status.CHANGES_REQUESTED):
            raise AlreadyDecided(row.pk, row.status)
        if row.resubmitted_at is not None:
            raise NotAllowed(f"Approval {row.pk} was resubmitted. Withdraw the round that follows it.")
        _change(row, status=Approval.Status.WITHDRAWN, decided_at=DatabaseNow())
        query(TELL, {"workflow": row.workflow_id, "key": f"{row.pk}/withdrawn", "sender": actor.name})


def resubmit(approval: Approval, by: Person, comment: str) -> None:
    """Ask again, as its requester; a worker opens the next round."""
    user, actor = _as_person(by)
    with locked(approval) as row:
        _require_requester(row, user, "resubmitted")
        if row.status != Approval.Status.CHANGES_REQUESTED:
            raise AlreadyDecided(row.pk, row.status)
        if row.resubmitted_at is not None:
            raise NotAllowed(f"Approval {row.pk} was resubmitted before.")
        _change(row, resubmitted_at=DatabaseNow())
        act(row, ApprovalAction.Verb.RESUBMIT, actor, comment)
        query(TELL, {"workflow": row.workflow_id, "key": f"{row.pk}/resubmitted", "sender": actor.name})


def comment(approval: Approval, by: Person, text: str) -> None:
    """Record what somebody says who may see it."""
    user, actor = _as_person(by)
    with locked(approval) as row:
        if not Approval.objects.using(database().alias).visible_to(user).filter(pk=row.pk).exists():
            raise NotAllowed(f"Approval {row.pk} cannot be commented on by {actor.name}, who may not see it.")
        if not prose(text, f"the comment on approval {row.pk}").strip():
            raise NotAllowed(f"A comment on approval {row.pk} must not be empty.")
        _change(row)
        act(row, ApprovalAction.Verb.COMMENT, actor, text)


def reassign(approval: Approval, by: Person, to: Person | Group, reason: str) -> None:
    """Have `to`, a user or a group, asked instead of `by`, or with `reassign_approval` instead of everybody."""
    user, actor = _as_person(by)
    with locked(approval) as row:
        personally = row.users.filter(pk=user.pk).exists()
        if not personally and not may(user, "reassign_approval"):
            raise NotAllowed(
                f"Approval {row.pk} cannot be reassigned by {actor.name}: that is for who is named as a user, "
                "and for holders of the permission reassign_approval."
            )
        if user.pk == row.requested_by_id and not row.allow_self_approval:
            raise NotAllowed(f"Approval {row.pk} cannot be reassigned by {actor.name}, who asked: another person must.")
        _require_reason(row, reason, "reassigned")
        if row.status != Approval.Status.PENDING:
            raise AlreadyDecided(row.pk, row.status)
        new = to if isinstance(to, Group) else active_user(to)
        if personally and row.decisions.filter(Q(user=user) | Q(on_behalf_of=user)).exists():
            raise NotAllowed(f"Approval {row.pk} cannot be reassigned by {actor.name}, who has decided.")
        _ask_instead(row, user if personally else None, new)
        # Who chooses who decides does not decide; who hands over may get it back.
        said = f"{user if personally else 'everybody'} -> {new}: {reason}"
        act(row, ApprovalAction.Verb.REASSIGN, actor, said, keeps_out=not personally)
        users, groups = row.users.values_list("pk", flat=True), row.groups.values_list("pk", flat=True)
        agreed = row.decisions.filter(verdict=Approval.Verdict.APPROVE).count()
        require_enough(row, candidates(row, names_among(users, groups)), agreed)
        _change(row)


def _ask_instead(approval: Approval, one: UserRow, to: UserRow) -> None:
    if one is not None:
        approval.users.remove(one)
    else:
        approval.users.clear()
        approval.groups.clear()
    (approval.groups if isinstance(to, Group) else approval.users).add(to)


# Before it is inserted too: `approval` is its row as JSON, without the columns that are JSON themselves.
KEPT_OUT = """
SELECT k.id, k.username FROM pgworkflows.kept_out(jsonb_populate_record(NULL::pgworkflows_approval, %(approval)s::jsonb)) k
"""


def _as_row(approval: Approval) -> str:
    columns = [field.attname for field in Approval._meta.concrete_fields if not isinstance(field, JSONField)]
    return json.dumps({name: getattr(approval, name) for name in columns}, cls=DjangoJSONEncoder)


def candidates(approval: Approval, named: dict[Any, str]) -> list[str]:
    """Return the names of those among active people who could decide."""
    out = query(KEPT_OUT, {"approval": _as_row(approval)})
    keys, names = {key for key, _ in out}, {name for _, name in out}
    return sorted(name for key, name in named.items() if key not in keys and name not in names)


def require_enough(approval: Approval, names: list[str], agreed: int = 0) -> None:
    """Raise NotAllowed, counting those who could decide and those who have agreed, where the quorum is larger."""
    if len(names) + agreed < approval.quorum:
        listed = ", ".join(names) or "nobody"
        raise NotAllowed(
            f"{approval.title!r} needs {approval.quorum} to agree, but only {len(names)} could decide: {listed}. "
            "Ask more people, or lower the quorum."
        )
