"""What people do to schedules."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from ...exceptions import NotAllowed
from ...models import Schedule, Workflow
from ...models.functions import DatabaseNow
from ...models.schedule import TIMETABLE
from ...values.texts import prose
from ...values.timetable import MOMENT, in_utc
from .. import starting
from ..actors import current_actor, recorded_as, requester
from ..connection import database, database_now, refuse_foreign_transaction
from .firing import run_of

MOST_BACKFILLED = 10_000


def trigger(schedule: Schedule, *, by: Any) -> Workflow:
    """Start its workflow now; raise WorkflowNotFound, or TypeError for arguments that no longer fit."""
    refuse_foreign_transaction("trigger()")
    actor = requester(by)
    [started] = starting.start_planned([run_of(schedule, in_utc(database_now()), key=None, actor=actor)], actor)
    return Workflow.objects.using(database().alias).get(pk=started)


def backfill(schedule: Schedule, start: datetime, end: datetime, *, again: bool, by: Any) -> list[Workflow]:
    """Start its workflow for times that are past; raise NotAllowed for others, and for more than 10,000."""
    refuse_foreign_transaction("backfill()")
    first, last = in_utc(start), in_utc(end)
    if last > in_utc(database_now()):
        raise NotAllowed(f"backfill() is for times that are past, and {last:%Y-%m-%d %H:%M} UTC is not.")
    upcoming = islice(schedule.timetable.times(first - MOMENT), MOST_BACKFILLED + 1)
    times = [moment for moment in upcoming if moment <= last]
    if len(times) > MOST_BACKFILLED:
        raise NotAllowed(f"{schedule} has more than {MOST_BACKFILLED} times in between. Fill in shorter stretches.")
    actor = requester(by)
    keys = [f"{schedule.name} {moment.isoformat()} again {uuid.uuid4()}" if again else "" for moment in times]
    runs = [run_of(schedule, moment, key=key, actor=actor) for moment, key in zip(times, keys, strict=True)]
    began = starting.start_planned(runs, actor)
    return list(Workflow.objects.using(database().alias).filter(pk__in=began).order_by("scheduled_for"))


def pause(schedule: Schedule, reason: str, *, by: Any) -> None:
    """Start nothing by the clock; raise NotAllowed without a reason. One that is paused stays as it is."""
    if not reason.strip():
        raise NotAllowed("Pausing a schedule needs a reason.")
    with _changing(schedule, prose(reason, "pause(): the reason"), by) as row:
        if row.paused_at is None:
            _rows().filter(pk=row.pk).update(paused_at=DatabaseNow(), pause_reason=reason)


def resume(schedule: Schedule, reason: str, *, by: Any) -> None:
    """Go on with the times that come from now on."""
    with _changing(schedule, prose(reason, "resume(): the reason"), by) as row:
        if row.paused_at is not None:
            row.paused_at, row.pause_reason = None, ""
            count_from(row, in_utc(database_now()))
            row.save()


def configure(schedule: Schedule, reason: str, *, by: Any) -> None:
    """Save what somebody has changed, or made; a changed timetable counts from now on."""
    actor = current_actor(by)
    with transaction.atomic(using=database().alias), recorded_as(actor, prose(reason, "the reason")):
        before = _rows().select_for_update().filter(pk=schedule.pk).first()
        schedule.edited_by_id, schedule.edited_by_name = actor.pk, actor.name
        schedule.overridden = bool(schedule.differs_from_code)
        if before is None or any(getattr(before, column) != getattr(schedule, column) for column in TIMETABLE):
            count_from(schedule, in_utc(database_now()))
        else:
            schedule.next_at, schedule.due_at = before.next_at, before.due_at
        schedule.save(using=database().alias)


def reset(schedule: Schedule, reason: str, *, by: Any) -> None:
    """Have it as code says again; raise NotAllowed where code does not declare it."""
    if schedule.declared is None:
        raise NotAllowed(f"Schedule {schedule} was made in the admin: no code says how it was.")
    schedule.be_as(schedule.declared)
    configure(schedule, reason, by=by)


def count_from(schedule: Schedule, now: datetime) -> None:
    """Let the first time behind a moment come next, without saving."""
    table = schedule.timetable
    schedule.next_at = table.after(now)
    schedule.due_at = None if schedule.next_at is None else table.begins(schedule.next_at)
    schedule.queued_for = None


def _rows() -> Any:
    return Schedule.objects.using(database().alias)


@contextmanager
def _changing(schedule: Schedule, reason: str, by: Any) -> Iterator[Schedule]:
    """Lock its row for a change that the history gets with its reason, and read it anew behind."""
    with transaction.atomic(using=database().alias), recorded_as(current_actor(by), reason):
        yield _rows().select_for_update().get(pk=schedule.pk)
    schedule.refresh_from_db()
