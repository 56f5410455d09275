"""Our side of every workload: loading a backlog, and counting what a drain has left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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


def finish_times(name: str) -> list[float]:
    """Return when the workflows of a name ended, in seconds."""
    return [row[0] for row in rows(FINISH_TIMES, {"name": f"orders.{name}"})]


COUNTS = """
SELECT (SELECT count(*) FILTER (WHERE status = 'COMPLETED') FROM pgworkflows_workflow WHERE name = %(name)s),
  (SELECT count(*) FILTER (WHERE status <> 'COMPLETED') FROM pgworkflows_workflow WHERE name = %(name)s),
  (SELECT count(*) FROM pgworkflows_task t JOIN pgworkflows_workflow w ON w.id = t.workflow_id
   WHERE w.name = %(name)s AND t.status = 'COMPLETED'),
  (SELECT count(*) FROM orders_row),
  (SELECT count(DISTINCT ("order", step)) FROM orders_row),
  (SELECT count(*) FROM pgworkflows_history h JOIN pgworkflows_workflow w ON w.id = h.workflow WHERE w.name = %(name)s)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the tables hold after a drain; each must be exactly what was ordered."""

    completed: int
    unfinished: int
    tasks: int
    rows: int
    different_rows: int
    history: int

    @classmethod
    def of(cls, name: str) -> Counts:
        """Count for the workflows of a name."""
        return cls(*rows(COUNTS, {"name": f"orders.{name}"})[0])

    def named(self) -> dict[str, int]:
        """Return the counts by the words that a message uses."""
        return {
            "completed workflows": self.completed,
            "workflows not completed": self.unfinished,
            "completed tasks": self.tasks,
            "business rows": self.rows,
            "different business rows": self.different_rows,
            "history rows": self.history,
        }


def expected(workflows: int, *, tasks: int, business_rows: int, history: int) -> dict[str, int]:
    """Return the counts that must be found, from the number of workflows and what each of them leaves."""
    return {
        "completed workflows": workflows,
        "workflows not completed": 0,
        "completed tasks": workflows * tasks,
        "business rows": workflows * business_rows,
        "different business rows": workflows * business_rows,
        "history rows": workflows * history,
    }


def rows(statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement on the project's connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
