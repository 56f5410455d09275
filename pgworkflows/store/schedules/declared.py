"""Keeping the schedules that code declares in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from ...definitions.declared_schedule import DeclaredSchedule
from ...definitions.registry import registry
from ...definitions.schedule import problems
from ...models import Schedule
from ...models.schedule import TIMETABLE
from ...values.encoding import TAGGED, encode
from ...values.timetable import in_utc
from ..actors import Actor, recorded_as
from ..connection import database, database_now
from .verbs import count_from

#: Why one is paused that is in no `workflows.py` any more.
NOT_DECLARED = "code no longer declares it"


def write_missing() -> None:
    """Write the declared schedules that are not there, as a starting worker does: two releases do not overwrite each other's."""
    alias = database().alias
    there = set(Schedule.objects.using(alias).filter(name__in=list(registry.schedules)).values_list("name", flat=True))
    missing = [declared for name, declared in registry.schedules.items() if name not in there]
    if missing:
        with transaction.atomic(using=alias), recorded_as(Actor(), "declared in code"):
            now = in_utc(database_now())
            rows = [_new(declared, now) for declared in missing if not any(problems(declared))]
            Schedule.objects.using(alias).bulk_create(rows, ignore_conflicts=True)


def write_declared() -> None:
    """Write what code says now, as `migrate` does: what people have overridden stays; what code has dropped is paused."""
    write_missing()
    alias = database().alias
    with transaction.atomic(using=alias), recorded_as(Actor(), "declared in code"):
        now = in_utc(database_now())
        for row in Schedule.objects.using(alias).select_for_update().order_by("pk"):
            declared = registry.schedules.get(row.name)
            if declared is not None and not any(problems(declared)):
                _follow(row, _new(declared, now), now)
            elif declared is None and row.declared is not None and row.paused_at is None and not registry.import_errors:
                row.paused_at, row.pause_reason = now, NOT_DECLARED
                row.save()


def _follow(row: Schedule, wanted: Schedule, now: datetime) -> None:
    dropped = row.pause_reason == NOT_DECLARED
    if row.declared == wanted.declared and not dropped:
        return
    row.overridden = row.overridden or row.declared is None
    row.declared = wanted.declared
    if dropped:
        row.paused_at, row.pause_reason = None, ""
    before = {column: getattr(row, column) for column in TIMETABLE}
    if not row.overridden:
        row.be_as(wanted.as_declared())
    if dropped or any(getattr(row, column) != said for column, said in before.items()):
        count_from(row, now)
    row.save()


def _new(declared: DeclaredSchedule, now: datetime) -> Schedule:
    table = declared.timetable
    columns: dict[str, Any] = {column: getattr(table, column) for column in TIMETABLE}
    columns |= {
        column: getattr(declared, column) for column in ("workflow", "overlap", "missed", "catch_up", "queue", "priority")
    }
    kwargs = {name: encode(value, f"schedule({table.name!r}): argument {name!r}") for name, value in declared.kwargs.items()}
    made = Schedule(kwargs=kwargs, format=TAGGED, **columns)
    made.declared = made.as_declared()
    count_from(made, now)
    return made
