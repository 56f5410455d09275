"""Waiting for data: for a row that a query finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from ...conf import conf
from ...models import Task
from ...models.waits import Wait, wait_for
from ...store.records import RecordedTask
from ...values.durations import Duration, optional_seconds, seconds
from ...values.encoding import ModelReference, dump
from ..replay import Answer, Awaited, Replay, current_replay

M = TypeVar("M", bound=Model)

#: When a wait that has just begun is looked at again: what was being written then is seen by none of the two.
SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class AwaitedRow(Awaited):
    """The first row that a query finds."""

    kind = Task.Kind.ROW
    rows: QuerySet[Any]
    every: timedelta
    timeout: Duration | None

    @property
    def name(self) -> str:  # type: ignore[override] # read only here
        """The label of its model, by which `WakeWaits` finds it."""
        return str(self.rows.model._meta.concrete_model._meta.label)

    def open(self, replay: Replay) -> RecordedTask:
        """Record when it ends."""
        return replay.task(self.kind, self.name, due_at=replay.due(self.timeout, self.name))

    def look(self, replay: Replay, task: RecordedTask) -> Answer | None:
        """Ask the database, in the batch's transaction."""
        with replay.run.batch.transaction.own_queries():
            key = self.rows.using(conf().DATABASE).values_list("pk", flat=True).first()
        return None if key is None else Answer(dump(ModelReference(self.rows.model, key), f"the row of {self.name}"))

    def wake(self, replay: Replay, task: RecordedTask) -> datetime | None:
        """Look again ever more rarely, each `every` in the end."""
        now = replay.run.now()
        looked = now + min(self.every, max(SOON, now - (task.started_at or now)))
        return looked if task.due_at is None else min(looked, task.due_at)

    def tell(self, task: RecordedTask) -> Wait:
        """Say of which model."""
        return wait_for(self.kind, self.name, since=task.started_at, until=task.due_at)


def wait_for_row(rows: QuerySet[M], *, timeout: Duration | None = None, every: Duration = timedelta(minutes=1)) -> M:
    """Return a reference to the first row that the query finds, in its order; raise WaitTimeout.

    The query is asked by the engine, never in the body: at once, soon after, and each `every`; where a migration of the model
    has `WakeWaits`, whenever the table has changed.
    """
    _check(rows)
    length = seconds(every, what="wait_for_row(every=)")
    if not length:
        raise ValueError("wait_for_row(every=) must be longer than nothing.")
    optional_seconds(timeout, what="wait_for_row(timeout=)")
    found: M = current_replay("wait_for_row").wait_for(AwaitedRow(rows, timedelta(seconds=length), timeout))
    return found


def _check(rows: Any) -> None:
    if not isinstance(rows, QuerySet):
        raise TypeError(f"wait_for_row() takes a query set, as in Order.objects.filter(...), not {rows!r}.")
    label, query = rows.model._meta.label, rows.query
    what = (
        "was evaluated in the body: pass it as it is, without asking for its rows"
        if rows._result_cache is not None
        else "is sliced: the first of its order is taken"
        if query.is_sliced
        else "is a union, intersection or difference: use filter() with Q objects"
        if query.combinator
        else "locks its rows: lock them in a step"
        if query.select_for_update
        else ""
    )
    if what:
        raise ValueError(f"wait_for_row(): the query set of {label} {what}.")
    if rows.db != conf().DATABASE:
        raise ValueError(
            f"wait_for_row(): {label} is read from {rows.db!r}, and workflows live in {conf().DATABASE!r}. "
            "Poll a step that reads it."
        )
