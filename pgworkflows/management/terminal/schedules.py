"""Schedules: their options, and a line for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...conf import conf
from ...exceptions import NotAllowed
from ...models import Schedule
from ...store.live_workers import LiveWorkers
from ...store.schedules import verbs
from .text import moment, table

HEADINGS = ("NAME", "WORKFLOW", "WHEN", "NEXT", "", "LEFT OUT LAST")


def add_schedules(listed: Any, acting: Callable[..., Any]) -> None:
    """Declare `schedules`, `trigger` and `backfill`."""
    listed.add_parser("schedules", help="each schedule: when it comes next, and what it has left out")
    triggered = acting(listed, "trigger", "start what a schedule starts, now", workflow=False)
    filled = acting(listed, "backfill", "start it for times that are past and have had no run", workflow=False)
    filled.add_argument("--from", dest="start", required=True, metavar="TIME", help="as in 2026-03-01 or 2026-03-01T02:00+01:00")
    filled.add_argument("--to", dest="end", required=True, metavar="TIME", help="the last time that counts")
    filled.add_argument("--again", action="store_true", help="also for times that have had a run")
    for parser in (triggered, filled):
        parser.add_argument("schedule", help="its name")


def list_schedules() -> list[str]:
    """Return a line for each."""
    found = list(Schedule.objects.using(conf().DATABASE))
    if not found:
        return ["No schedules. Declare one by schedule() in a module workflows.py, and run migrate."]
    living = LiveWorkers.now()
    return table(HEADINGS, [_row(schedule, living) for schedule in found])


def _row(schedule: Schedule, living: LiveWorkers) -> tuple[Any, ...]:
    skipped = "; ".join(f"{skip['reason']} ({skip['from']} to {skip['to']})" for skip in schedule.last_skips)
    when = f"{schedule.cron} in {schedule.tz}" if schedule.cron else f"every {schedule.every}"
    return schedule.name, schedule.workflow, when, moment(schedule.next_at), _mark(schedule, living), skipped


def _mark(schedule: Schedule, living: LiveWorkers) -> str:
    marks = [f"paused: {schedule.pause_reason}"] if schedule.paused_at else []
    if not living.knows(schedule.workflow):
        marks.append("no live worker knows its workflow")
    if schedule.overridden:
        marks.append(f"code says another {', '.join(schedule.differs_from_code)}")
    return "; ".join(f"! {mark}" for mark in marks)


def trigger(name: str) -> str:
    """Start what a schedule starts; return what to print."""
    workflow = verbs.trigger(_named(name), by=None)
    return f"{workflow.id} {workflow.name} is {workflow.status}."


def backfill(name: str, start: str, end: str, *, again: bool) -> str:
    """Start it for past times; return what to print."""
    schedule = _named(name)
    began = verbs.backfill(schedule, _moment(schedule, start), _moment(schedule, end), again=again, by=None)
    return f"{len(began)} begun."


def _named(name: str) -> Schedule:
    found = Schedule.objects.using(conf().DATABASE).filter(name=name).first()
    if found is None:
        raise NotAllowed(f"No schedule is named {name!r}. `manage.py workflows schedules` lists them.")
    return found


def _moment(schedule: Schedule, text: str) -> datetime:
    """Read a time; without a zone it is one of the schedule's."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise NotAllowed(f"{text!r} is no time, such as 2026-03-01 or 2026-03-01T02:00+01:00.") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=schedule.timetable.zone)
