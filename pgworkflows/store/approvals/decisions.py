"""Deciding: who may, on what, and recording it under a lock on the approval."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ...definitions.registry import registry
from ...exceptions import AlreadyDecided, ApprovalExpired, NotAllowed
from ...models import Approval
from ...models.people import name_of, person
from ...values.encoding import dump
from ...values.people import Person, User
from ..actors import Actor, current_actor, recorded_as
from ..connection import database, query, refuse_foreign_transaction
from .people import active_user
from .snapshots import require_unchanged

Verdict = Approval.Verdict

RECORD = """
SELECT o.outcome, pgworkflows.refusal_text(o.outcome)
FROM (SELECT pgworkflows.record_decision(
  %(approval)s, %(username)s, %(verdict)s, %(comment)s, %(channel)s, %(on_behalf_of)s, %(data)s::jsonb) AS outcome) o
"""


def decide(approval: Approval, by: Person, verdict: str, *, comment: str, data: Any, on_behalf_of: Person | None) -> None:
    """Record one decision, and refresh the given row.

    Raises NotAllowed, AlreadyDecided, ApprovalExpired, SubjectChanged, or ValidationError where the form is not filled in.
    """
    if verdict != Verdict.APPROVE and not comment.strip():
        raise NotAllowed(f"Approval {approval.pk} cannot be {_DONE[verdict]} without a comment. Say why.")
    refuse_foreign_transaction("a decision")
    actor = Actor(name=_name(by), channel=current_actor(by).channel)
    parameters = {
        "approval": approval.pk,
        "username": actor.name,
        "verdict": str(verdict),
        "comment": comment,
        "channel": actor.channel,
        "on_behalf_of": None if on_behalf_of is None else _name(on_behalf_of),
        "data": None,
    }
    with transaction.atomic(using=database().alias):
        if approval.snapshot_hash or approval.form or data is not None:
            # Before anything of the subject is shown to somebody who may not see it.
            _raise_refused(parameters, *query(ADMIT, parameters)[0])
            if approval.snapshot_hash and verdict != Verdict.REQUEST_CHANGES:
                require_unchanged(approval.subject_label, approval.subject_id, approval.shown, approval.snapshot_hash)
            parameters["data"] = _checked(approval, verdict, data)
        with recorded_as(actor, comment):
            _raise_refused(parameters, *query(RECORD, parameters)[0])
    approval.refresh_from_db()


_DONE: dict[str, str] = {Verdict.REJECT: "rejected", Verdict.REQUEST_CHANGES: "sent back"}


def _name(user: Person) -> str:
    """Return a person's name as its column has it; who is named and is not there is refused in SQL."""
    if isinstance(user, str):
        row = person(user, database().alias)
        return user if row is None else name_of(row)
    return name_of(active_user(user))


# Locks the approval: what is compared afterwards is compared for this decision.
ADMIT = """
SELECT a.refusal, pgworkflows.refusal_text(a.refusal)
FROM pgworkflows.admit(%(approval)s, %(username)s, %(on_behalf_of)s) a
"""


def _raise_refused(parameters: dict[str, Any], outcome: str, text: str | None) -> None:
    identity = parameters["approval"]
    if outcome in ("", "decided"):
        return
    if outcome == "expired":
        raise ApprovalExpired(identity, str(query(DUE, {"approval": identity})[0][0]))
    if text is None:
        raise AlreadyDecided(identity, outcome)
    raise NotAllowed(f"Approval {identity} cannot be decided by {parameters['username']}: {text}.")


DUE = "SELECT due_at FROM pgworkflows_approval WHERE id = %(approval)s"


def _checked(approval: Approval, verdict: str, data: Any) -> str | None:
    """Return what was filled in, as JSON text; an approval must fill in its form, who refuses need not."""
    what = f"the data of a decision on approval {approval.pk}"
    if approval.form and (verdict == Verdict.APPROVE or data):
        form = form_of(approval)(data or {})
        if not form.is_valid():
            raise ValidationError({field: list(errors) for field, errors in form.errors.items()})
        return dump(form.cleaned_data, what)
    return None if data is None else dump(data, what)


def form_of(approval: Approval) -> Any:
    """Return the form's class; raise NotAllowed where no workflow declares it."""
    form = registry.form(approval.form)
    if form is None:
        raise NotAllowed(
            f"Approval {approval.pk} cannot be decided: no workflow declares its form {approval.form} (any more). "
            "Put it back into @workflow(forms=[...])."
        )
    return form


STANDING = """
SELECT COALESCE(pgworkflows.refusal_text(s.refusal), NULLIF('it is already ' || s.refusal, 'it is already '))
FROM pgworkflows.standing(%(approval)s, %(username)s, %(on_behalf_of)s) s
"""


def refusal(approval: Approval, user: User, on_behalf_of: Person | None = None) -> str:
    """Return why this user cannot decide just now, as the verb would say it; empty if they can."""
    if approval.status != Approval.Status.PENDING:
        return str(AlreadyDecided(approval.pk, approval.status))
    parameters = {
        "approval": approval.pk,
        "username": _name(user),
        "on_behalf_of": None if on_behalf_of is None else _name(on_behalf_of),
    }
    return query(STANDING, parameters)[0][0] or ""


PRINCIPALS = """
SELECT s.username FROM pgworkflows.stands_in_for(%(approval)s, %(user)s) s WHERE NOT s.own_request ORDER BY s.username
"""


def principals(approval: Approval, user: User) -> list[str]:
    """Return the names of those for whom this user stands in on this approval."""
    return [row[0] for row in query(PRINCIPALS, {"approval": approval.pk, "user": user.pk})]


# In order first, so that nobody beyond the limit is looked at.
DECIDERS = """
SELECT s.username FROM (SELECT * FROM pgworkflows.asked(%(approval)s) ORDER BY username) s
WHERE (SELECT t.refusal FROM pgworkflows.standing(%(approval)s, s.username, NULL) t) = '' LIMIT %(most)s
"""


# Whether or not it still takes decisions.
COULD_DECIDE = """
SELECT s.username FROM pgworkflows_approval a, pgworkflows.asked(a.id) s
WHERE a.id = %(approval)s
  AND NOT EXISTS (SELECT FROM pgworkflows.kept_out(a) k WHERE k.id = s.id OR k.username = s.username) ORDER BY 1
"""


def who_could_decide(approval: Approval) -> list[str]:
    """Return the names of those asked who could decide, were it open."""
    return [row[0] for row in query(COULD_DECIDE, {"approval": approval.pk})]


def who_may_decide(approval: Approval, most: int | None = None) -> list[str]:
    """Return the names of those asked who may still decide, `most` at most; their delegates come in addition."""
    return [row[0] for row in query(DECIDERS, {"approval": approval.pk, "most": most})]
