"""Whether all is well, for a monitoring system and for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from ...sql.differences import differences
from ...store.connection import database
from ...store.health import Health, measure

#: Above that many lanes, finding out where something is due costs as much as doing it.
MOST_LANES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is still well; None for any."""

    runnable: timedelta
    wait: timedelta | None
    overdue: int
    workers: int
    blocked: int
    badly: int | None
    events: int | None


def problems(health: Health, limits: Limits) -> Iterator[str]:
    """Yield what is not well."""
    if (health.oldest_runnable or 0) > limits.runnable.total_seconds():
        yield f"the oldest runnable workflow has waited {_length(health.oldest_runnable)} for a worker"
    if limits.wait is not None and (health.oldest_wait or 0) > limits.wait.total_seconds():
        yield f"the oldest wait has been open for {_length(health.oldest_wait)}"
    if health.overdue_approvals > limits.overdue:
        yield f"{health.overdue_approvals} approval(s) past their due date"
    if health.stuck_approvals:
        yield (
            f"{health.stuck_approvals} approval(s) that nobody concerned can move: too few are left to decide, or sent back to "
            "nobody; have others asked, or withdraw"
        )
    if health.workers_alive < limits.workers:
        yield f"{health.workers_alive} worker(s) alive, fewer than {limits.workers}"
    if health.claims_without_owner:
        yield f"{health.claims_without_owner} claim(s) of workers that are gone"
    if health.blocked > limits.blocked:
        yield f"{health.blocked} workflow(s) blocked until a person has looked"
    if limits.badly is not None and health.ended_badly > limits.badly:
        yield f"{health.ended_badly} workflow(s) ended FAILED or COMPENSATED"
    if limits.events is not None and health.events_not_taken > limits.events:
        yield f"{health.events_not_taken} event(s) that nobody took; `manage.py workflows events` lists them"
    if health.executors_awaited:
        yield f"{health.executors_awaited} outside step(s) wait for an executor: {health.executor_trouble}"
    if health.lanes_due > MOST_LANES:
        yield (
            f"{health.lanes_due} lanes (definition, queue, priority) have work that is due, more than {MOST_LANES}: each makes "
            "every claim dearer; use fewer queues and priorities"
        )
    if health.schedules_late:
        yield f"{health.schedules_late} schedule(s) due that no worker has seen to; `manage.py workflows schedules` lists them"
    for unknown in health.unknown_definitions:
        yield "{name} v{version} in queue {queue}: {unfinished} unfinished, and no live worker takes it".format(**unknown)


def check(limits: Limits, *, as_json: bool) -> tuple[bool, list[str]]:
    """Return whether all is well, and what to print."""
    health, differing = measure(), differences(database())
    found = list(problems(health, limits))
    others = [*differing.functions, *differing.triggers]
    if others:
        found.append(f"the database has other functions or triggers than this checkout: {', '.join(others)}. {differing.remedy}")
    if as_json:
        said = {"ok": not found, "problems": found, **asdict(health), "not_as_shipped": others}
        return not found, [json.dumps(said, ensure_ascii=False)]
    return not found, [f"! {text}" for text in found] or [_well(health)]


def _well(health: Health) -> str:
    return (
        f"All is well: {health.workers_alive} worker(s) alive, oldest runnable {_length(health.oldest_runnable)}, "
        f"oldest wait {_length(health.oldest_wait)}, {health.overdue_approvals} approval(s) overdue, {health.blocked} blocked, "
        f"{health.ended_badly} ended badly, {health.events_not_taken} event(s) not taken."
    )


def _length(seconds: float | None) -> Any:
    return "none" if seconds is None else timedelta(seconds=round(seconds))
