"""Starting what is due by the clock. Any worker does it; each nominal time starts one run at most, whoever comes when."""

from __future__ import annotations

import json
import time
import uuid
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from ...definitions.arguments import bind, convert
from ...definitions.registry import registry
from ...definitions.workflow import WorkflowFunction
from ...exceptions import WorkflowFinished
from ...models import Schedule
from ...values.encoding import TAGGED, decode
from ...values.timetable import in_utc
from .. import interventions, starting
from ..actors import WORKER, Actor, recorded_as
from ..connection import answered, database, database_now, query
from .planning import Plan, plan

#: The most schedules to a transaction, and for how many seconds a worker goes on with further ones.
MOST_SCHEDULES, PATIENCE = 100, 1.0


def fire_due() -> int:
    """See to what is due, for a second or so; return how many were. The rest is for the next time, or for another worker."""
    until, seen = time.monotonic() + PATIENCE, 0
    while (some := fire_some()) == MOST_SCHEDULES and time.monotonic() < until:
        seen += some
    return seen + some


def fire_some() -> int:
    """See to the schedules that have been due the longest, in a transaction; return how many."""
    alias = database().alias
    known = {name for name, _ in registry.workflows}
    with answered(), transaction.atomic(using=alias):
        found = Schedule.objects.using(alias).due(known).select_for_update(skip_locked=True, no_key=True)
        due = list(found[:MOST_SCHEDULES])
        if due:
            with recorded_as(WORKER):
                _fire(due, in_utc(database_now()))
    return len(due)


# Behind the locks of the schedules: no other worker starts any of their runs meanwhile.
RUNNING = """
SELECT schedule, id FROM pgworkflows_workflow WHERE schedule = ANY (%(schedules)s) AND finished_at IS NULL
"""


def _fire(due: list[Schedule], now: datetime) -> None:
    running: dict[int, list[uuid.UUID]] = defaultdict(list)
    for schedule, run in query(RUNNING, {"schedules": [row.pk for row in due if row.overlap != Schedule.Overlap.ALLOW]}):
        running[schedule].append(run)
    runs, changes = [], []
    for row in due:
        planned = plan(row, now, runs=bool(running[row.pk]))
        runs += _starts(row, planned)
        if planned.cancels:
            _cancel(row, running[row.pk])
        changes.append(_change(row, planned, now))
    starting.start_planned(runs, WORKER)
    query(MOVE_ON, {"changes": json.dumps(changes)})


def _starts(schedule: Schedule, planned: Plan) -> list[starting.Planned]:
    """Return the runs to start; what cannot be started is left out with the reason."""
    try:
        return [run_of(schedule, moment) for moment in planned.starts]
    except Exception as error:  # whatever converting an argument raises; the others are due all the same
        planned.skip(f"cannot be started: {type(error).__name__}: {error}", planned.starts[0], planned.starts[-1])
        planned.cancels = False
        return []


def run_of(schedule: Schedule, moment: datetime, *, key: str | None = "", actor: Actor | None = None) -> starting.Planned:
    """Return a run for a time, under the key of both unless another is given; raise for wrong arguments."""
    workflow = registry.latest(schedule.workflow)
    options: dict[str, Any] = {"key": key_of(schedule, moment) if key == "" else key}
    if schedule.queue:
        options["queue"] = schedule.queue
    if schedule.priority is not None:
        options["priority"] = schedule.priority
    requester = actor or Actor(pk=schedule.edited_by_id, name=schedule.edited_by_name, channel="worker")
    return starting.scheduled(workflow.using(**options), _arguments(schedule, workflow), schedule.pk, moment, requester)


def key_of(schedule: Schedule, moment: datetime) -> str:
    """Return the key of the run for a time: no other can begin for it."""
    return f"{schedule.name} {moment.isoformat()}"


def _arguments(schedule: Schedule, workflow: WorkflowFunction[..., Any]) -> dict[str, Any]:
    if schedule.format == TAGGED:
        return bind(workflow.name, workflow.signature, (), decode(schedule.kwargs))
    return convert(workflow.name, workflow.function, workflow.signature, schedule.kwargs)


def _cancel(schedule: Schedule, runs: list[uuid.UUID]) -> None:
    for run in runs:
        with suppress(WorkflowFinished):
            interventions.cancel(run, f"the next time of schedule {schedule.name} has come", compensate=True, by=None)


def _change(schedule: Schedule, planned: Plan, now: datetime) -> dict[str, Any]:
    moments = {
        "next_at": planned.next_at,
        "due_at": planned.due_at(schedule.timetable, now),
        "queued_for": planned.queued_for,
    }
    change: dict[str, Any] = {"id": schedule.pk}
    change |= {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
    return change | ({"last_skips": planned.skips} if planned.skips else {})


# The times alone move at most firings: no history is written then.
MOVE_ON = """
UPDATE pgworkflows_schedule s
SET next_at = c.next_at, due_at = c.due_at, queued_for = c.queued_for, last_skips = COALESCE(c.last_skips, s.last_skips)
FROM jsonb_to_recordset(%(changes)s::jsonb)
  AS c(id bigint, next_at timestamptz, due_at timestamptz, queued_for timestamptz, last_skips jsonb)
WHERE s.id = c.id
"""
