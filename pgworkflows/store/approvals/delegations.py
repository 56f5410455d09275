"""Standing in for each other: giving a delegation, and ending one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ...conf import conf
from ...exceptions import NotAllowed
from ...models import Delegation
from ...models.people import name_of
from ...values.durations import moment
from ...values.people import Person
from ...values.texts import prose
from ..actors import current_actor, recorded_as
from ..connection import database_now, refuse_foreign_transaction
from .people import active_user


def delegate(
    by: Person,
    to: Person,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime,
    kinds: list[str] | None = None,
    reason: str = "",
) -> Delegation:
    """Let `to` decide for `by` until `ends_at`, from now on or from `starts_at`; `kinds` are of approvals, none for all.

    Raises NotAllowed for nobody active, for oneself, and for a time that is over before it begins.
    """
    refuse_foreign_transaction("delegate()")
    giver, stand_in, now = active_user(by), active_user(to), database_now()
    begins = now if starts_at is None else moment(starts_at, what="delegate(starts_at=)")
    ends_at = moment(ends_at, what="delegate(ends_at=)")
    if giver.pk == stand_in.pk:
        raise NotAllowed("Nobody can stand in for themselves. Name another person.")
    if ends_at <= max(begins, now):
        raise NotAllowed(f"A delegation that ends at {ends_at} never holds. Give a later time.")
    with transaction.atomic(using=conf().DATABASE), recorded_as(current_actor(by), prose(reason, "the reason")):
        return Delegation.objects.using(conf().DATABASE).create(
            delegator=giver, delegate=stand_in, starts_at=begins, ends_at=ends_at, kinds=kinds or [], reason=reason
        )


def end(delegation: Delegation, by: Person) -> None:
    """End a delegation now, as who gave it; one that has not begun never will. Raises NotAllowed where it has ended."""
    refuse_foreign_transaction("ending a delegation")
    user = active_user(by)
    with transaction.atomic(using=conf().DATABASE), recorded_as(current_actor(by)):
        row = Delegation.objects.using(conf().DATABASE).select_for_update(no_key=True).get(pk=delegation.pk)
        now = database_now()
        if user.pk != row.delegator_id:
            raise NotAllowed(f"Delegation {row.pk} cannot be ended by {name_of(user)}: only who gave it can.")
        if row.ends_at <= now:
            raise NotAllowed(f"Delegation {row.pk} ended at {row.ends_at}.")
        row.ends_at = max(now, row.starts_at)
        row.save(update_fields=["ends_at"])
    delegation.refresh_from_db()
