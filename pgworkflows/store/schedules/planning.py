"""Which of a schedule's times begin a run now, which are left out and why, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ...models import Schedule
from ...values.timetable import MOMENT, Timetable, in_utc

#: The most times of one schedule that begin in one transaction.
MOST_TIMES = 100
#: How often it is looked whether the run has ended for whose end another one waits.
LOOK_AGAIN = timedelta(seconds=5)

TOO_LATE = "missed, longer ago than catch_up"
MISSED = "missed, only the last begins"
OVERLAP = "its last run has not ended"
ONE_WAITS = "another time waits already"


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be done about a schedule."""

    next_at: datetime | None
    starts: list[datetime] = field(default_factory=list)
    skips: list[dict[str, Any]] = field(default_factory=list)
    queued_for: datetime | None = None
    #: Whether what runs is asked to cancel.
    cancels: bool = False

    def skip(self, reason: str, first: datetime, last: datetime) -> None:
        """Leave out the times from the first to the last."""
        self.skips.append({"reason": reason, "from": first.isoformat(), "to": last.isoformat()})

    def due_at(self, table: Timetable, now: datetime) -> datetime | None:
        """Return when it has to be looked at again."""
        begins = [table.begins(self.next_at)] if self.next_at is not None else []
        return min([*begins, *([now + LOOK_AGAIN] if self.queued_for is not None else [])], default=None)


def plan(schedule: Schedule, now: datetime, *, runs: bool) -> Plan:
    """Say what is to be done now about a schedule whose last run has not ended if it `runs`."""
    table = schedule.timetable
    planned = Plan(next_at=None if schedule.next_at is None else in_utc(schedule.next_at))
    if schedule.queued_for is not None:
        if runs:
            planned.queued_for = in_utc(schedule.queued_for)
        else:
            planned.starts.append(in_utc(schedule.queued_for))
            runs = True
    for moment in _due(schedule, table, planned, now):
        _begin_or_not(schedule.overlap, planned, moment, runs=runs)
        runs = True
    return planned


def _due(schedule: Schedule, table: Timetable, planned: Plan, now: datetime) -> list[datetime]:
    """Return the times that are to begin, had none been begun before; the plan goes on behind them."""
    _leave_out_the_old(table, planned, now - schedule.catch_up)
    first = planned.next_at
    if first is None or table.begins(first) > now:
        return []
    if schedule.missed == Schedule.Missed.ALL:
        times = [moment for moment in [first, *islice(table.times(first), MOST_TIMES - 1)] if table.begins(moment) <= now]
    else:
        times = [_latest(table, planned, first, now)]
    planned.next_at = table.after(times[-1])
    return times


def _leave_out_the_old(table: Timetable, planned: Plan, floor: datetime) -> None:
    first = planned.next_at
    if first is None or first >= floor:
        return
    last = table.last(since=first, until=floor - MOMENT) or first
    planned.skip(TOO_LATE, first, last)
    planned.next_at = table.after(last)


def _latest(table: Timetable, planned: Plan, first: datetime, now: datetime) -> datetime:
    following = table.after(first)
    if following is None or table.begins(following) > now:
        return first
    latest = table.last(since=first, until=now) or first
    while latest > first and table.begins(latest) > now:
        latest = table.last(since=first, until=latest - MOMENT) or first
    if latest > first:
        planned.skip(MISSED, first, table.last(since=first, until=latest - MOMENT) or first)
    return latest


def _begin_or_not(overlap: str, planned: Plan, moment: datetime, *, runs: bool) -> None:
    if overlap == Schedule.Overlap.ALLOW or not runs:
        planned.starts.append(moment)
    elif overlap == Schedule.Overlap.CANCEL_RUNNING:
        planned.cancels = True
        planned.starts.append(moment)
    elif overlap == Schedule.Overlap.SKIP:
        planned.skip(OVERLAP, moment, moment)
    elif planned.queued_for is None:
        planned.queued_for = moment
    else:
        planned.skip(ONE_WAITS, moment, moment)
