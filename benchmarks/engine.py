"""Our side of every workload: loading a backlog, and counting what a drain has left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Results

CHUNK = 5_000


def load_backlog(workflow: Any, calls: Iterable[Mapping[str, Any]] | int) -> list[Any]:
    """Start many workflows; return their ids. A number stands for orders 1 to that."""
    wanted = [{"order": order} for order in range(1, calls + 1)] if isinstance(calls, int) else list(calls)
    ids: list[Any] = []
    for first in range(0, len(wanted), CHUNK):
        ids += [row.id for row in workflow.start_many(wanted[first : first + CHUNK])]
    return ids


FINISH_TIMES = """
SELECT extract(epoch FROM finished_at)::double precision FROM pgworkflows_workflow
WHERE name = %(name)s AND finished_at IS NOT NULL
"""


def finish_times(workflow: Any) -> list[float]:
    """Return when the executions of a workflow ended, in seconds."""
    return [row[0] for row in rows(FINISH_TIMES, {"name": workflow.name})]


COUNTS = """
SELECT (SELECT count(*) FILTER (WHERE status = 'COMPLETED') FROM pgworkflows_workflow WHERE name = %(name)s),
  (SELECT count(*) FILTER (WHERE status <> 'COMPLETED') FROM pgworkflows_workflow WHERE name = %(name)s),
  (SELECT count(*) FROM pgworkflows_task t JOIN pgworkflows_workflow w ON w.id = t.workflow_id
   WHERE w.name = %(name)s AND t.status = 'COMPLETED'),
  (SELECT count(*) FROM orders_row),
  (SELECT count(DISTINCT ("order", step)) FROM orders_row),
  (SELECT count(*) FROM pgworkflows_history h JOIN pgworkflows_workflow w ON w.id = h.workflow WHERE w.name = %(name)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What one execution leaves in the tables: exactly so many rows."""

    tasks: int = 0
    business_rows: int = 0
    history: int = 2

    def of(self, workflows: int) -> dict[str, int]:
        """Return what so many of them leave."""
        return {
            "completed workflows": workflows,
            "workflows not completed": 0,
            "completed tasks": workflows * self.tasks,
            "business rows": workflows * self.business_rows,
            "different business rows": workflows * self.business_rows,
            "history rows": workflows * self.history,
        }


def count(workflow: Any) -> dict[str, int]:
    """Count what the executions of a workflow have left, by the words of `Left.of`."""
    (found,) = rows(COUNTS, {"name": workflow.name})
    return dict(zip(Left().of(0), found, strict=True))


UNEXPECTED = """
SELECT status || ', ' || COALESCE(error ->> 'message', waiting_for::text) FROM pgworkflows_workflow
WHERE name = %(name)s AND status <> 'COMPLETED' LIMIT 1
"""


def check(results: Results, what: str, workflow: Any, expected: Mapping[str, int]) -> None:
    """Hold what the executions of a workflow have left to what they should; say of an unfinished one how it stands."""
    results.check(what, count(workflow), expected)
    if expected["workflows not completed"] == 0 and (found := rows(UNEXPECTED, {"name": workflow.name})):
        results.wrong.append(f"{what}: one that is not completed is {found[0][0]}")


def rows(statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement on the project's connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def value(statement: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """Run one statement and return its only value."""
    return rows(statement, parameters)[0][0]
