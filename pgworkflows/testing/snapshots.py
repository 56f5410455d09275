"""What a run has done, in a form that two runs can be compared by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from ..models import Workflow
from ..presentation.waits import in_words
from ..store.connection import database

Rows = list[dict[str, str]]
RESULT = "the result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How a workflow ended, the rows of each table by the model's label, and what the user's function returned."""

    name: str
    status: str
    state: str
    result: str
    error: str
    waits_for: str
    finished: bool
    effects: Any
    tables: dict[str, Rows]


def take(run: Workflow, effects: Any) -> Snapshot:
    """Read it; content types that were made on the way are forgotten, as they will be rolled back."""
    there = set(database().introspection.table_names())
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in there]
    tables = {
        model._meta.label_lower: [
            {column: repr(value) for column, value in row.items()} for row in model._base_manager.using(database().alias).values()
        ]
        for model in models
        if model._meta.app_label != Workflow._meta.app_label
    }
    ContentType.objects.clear_cache()
    error = run.error or {}
    return Snapshot(
        name=run.name, status=run.status, state=run.state, result=repr(run.result), error=error.get("type", ""),
        waits_for=in_words(run), finished=run.is_finished, effects=deepcopy(effects), tables=tables,
    )  # fmt: skip


def noise(one: Snapshot, other: Snapshot) -> frozenset[str]:
    """Name what differs between two runs that nothing disturbed: `table.column`, or the result."""
    found = {RESULT} if one.result != other.result else set()
    for table, rows in one.tables.items():
        columns = {column for row in rows for column in row}
        found |= {f"{table}.{column}" for column in columns if _values(rows, column) != _values(other.tables[table], column)}
    return frozenset(found)


def _values(rows: Rows, column: str) -> Counter[str]:
    return Counter(row[column] for row in rows)


def differences(calm: Snapshot, seen: Snapshot, ignored: frozenset[str]) -> Iterator[str]:
    """Yield where a run differs from an undisturbed one, a line each."""
    for what in ("status", "state", "error", "effects"):
        expected, got = getattr(calm, what), getattr(seen, what)
        if expected != got:
            yield f"{what}: {got!r} instead of {expected!r}"
    if RESULT not in ignored and calm.result != seen.result:
        yield f"{RESULT}: {seen.result} instead of {calm.result}"
    for table in calm.tables:
        expected, got = (_comparable(one.tables[table], table, ignored) for one in (calm, seen))
        for row in sorted(expected.keys() | got.keys()):
            if expected[row] != got[row]:
                yield f"{table}: {got[row]} instead of {expected[row]} row(s) with {row}"


def _comparable(rows: Rows, table: str, ignored: frozenset[str]) -> Counter[str]:
    """Count the rows by what is not ignored of them."""
    return Counter(
        ", ".join(f"{column}={value}" for column, value in row.items() if f"{table}.{column}" not in ignored) for row in rows
    )
