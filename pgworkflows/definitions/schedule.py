"""Schedules that code declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings

from ..exceptions import WorkflowNotFound
from ..values.durations import Duration, moment, seconds
from ..values.texts import label
from ..values.timetable import MINUTE, Timetable
from .declared_schedule import DeclaredSchedule
from .registry import registry
from .workflow import HIGHEST_PRIORITY, LOWEST_PRIORITY, WorkflowFunction

#: A run's key has room for the name and a moment.
LONGEST_NAME = 200
OVERLAP = ("skip", "queue_one", "allow", "cancel_running")


def schedule(
    name: str,
    workflow: WorkflowFunction[..., Any] | str,
    *,
    kwargs: Mapping[str, Any] | None = None,
    cron: str = "",
    tz: str | None = None,
    every: Duration | None = None,
    offset: Duration = 0,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    jitter: Duration = 0,
    overlap: Literal["skip", "queue_one", "allow", "cancel_running"] = "skip",
    missed: Literal["last", "all"] = "last",
    catch_up: Duration = timedelta(days=1),
    queue: str = "",
    priority: int | None = None,
) -> DeclaredSchedule:
    """Have a workflow started at the times of a cron expression, or every so often; for a `workflows.py`.

    `tz` is TIME_ZONE unless given. What else is wrong with it is told by `manage.py check`.
    """
    label(name, "the name of a schedule", most=LONGEST_NAME)
    where = f"schedule({name!r}): "
    declared = DeclaredSchedule(
        workflow=workflow if isinstance(workflow, str) else workflow.name,
        kwargs=dict(kwargs or {}),
        timetable=Timetable(
            name=name,
            cron=cron,
            tz=settings.TIME_ZONE if tz is None else tz,
            every=None if every is None else _length(every, where + "every"),
            offset=_length(offset, where + "offset"),
            starts_at=None if starts_at is None else moment(starts_at, what=where + "starts_at"),
            ends_at=None if ends_at is None else moment(ends_at, what=where + "ends_at"),
            jitter=_length(jitter, where + "jitter"),
        ),
        overlap=overlap,
        missed=missed,
        catch_up=_length(catch_up, where + "catch_up"),
        queue=label(queue, where + "queue"),
        priority=priority,
    )
    known = registry.schedules.setdefault(name, declared)
    if known != declared:
        raise ValueError(f"Two schedules are named {name!r}. Give one of them another name.")
    return declared


def _length(given: Duration, what: str) -> timedelta:
    return timedelta(seconds=seconds(given, what=what))


def problems(declared: DeclaredSchedule) -> Iterator[str]:
    """Say what is wrong with it, as far as can be told when all modules are loaded."""
    wrong = declared.timetable.problem()
    if wrong:
        yield wrong
    try:
        registry.latest(declared.workflow).bind((), declared.kwargs)
    except WorkflowNotFound:
        yield f"no workflow is named {declared.workflow!r}."
    except TypeError as error:
        yield str(error)
    if declared.overlap not in OVERLAP:
        yield f"overlap={declared.overlap!r} is none of {', '.join(OVERLAP)}."
    if declared.missed not in ("last", "all"):
        yield f"missed={declared.missed!r} is neither last nor all."
    if declared.missed == "all" and declared.overlap != "allow":
        yield 'missed="all" begins several at once: it goes with overlap="allow" only.'
    if declared.catch_up < MINUTE:
        yield f"catch_up= must be a minute or more, not {declared.catch_up}: a worker may come that late on any day."
    if declared.priority is not None and not LOWEST_PRIORITY <= declared.priority <= HIGHEST_PRIORITY:
        yield f"priority={declared.priority} is not between {LOWEST_PRIORITY} and {HIGHEST_PRIORITY}."
