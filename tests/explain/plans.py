"""How many buffers a verb reads: each of its statements by EXPLAIN (ANALYZE, BUFFERS), with the triggers that it fires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction

# EXPLAIN counts what a function does, but not what AFTER triggers of its own statement do: so that is run in a function.
RUN = """
CREATE FUNCTION pg_temp.run(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; END $$
"""
WARM_UP = 7  # the cached plans of functions become generic ones after five


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement as it was run."""

    statement: str
    buffers: int
    text: str


def buffers(verb: Callable[[], Any], *, warm_up: int = WARM_UP) -> Cost:
    """Run a verb as often as makes its plans settle, then once more with every statement explained; undo all of it."""
    for _ in range(warm_up):
        undone(verb)
    with explaining() as plans:
        undone(verb)
    return Cost(plans)


class Cost(int):
    """The buffers of all statements together; it shows their plans when an assertion fails."""

    plans: list[Plan]

    def __new__(cls, plans: list[Plan]) -> Cost:
        """Add the statements up."""
        made = super().__new__(cls, sum(plan.buffers for plan in plans))
        made.plans = plans
        return made

    def __repr__(self) -> str:
        return "\n".join([str(int(self)), *(f"{plan.buffers} buffers: {plan.statement}\n{plan.text}" for plan in self.plans)])


def undone(verb: Callable[[], Any]) -> None:
    """Run a verb in a savepoint that is rolled back."""
    with transaction.atomic():
        verb()
        transaction.set_rollback(True)


@contextmanager
def explaining() -> Iterator[list[Plan]]:
    """Explain every statement that goes through Django's connection, before it is run."""
    plans: list[Plan] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.split(maxsplit=1)[0] not in ("SAVEPOINT", "ROLLBACK", "RELEASE", "SET"):
            plans.append(explain(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield plans


def explain(sql: str, params: Any) -> Plan:
    """Run a statement for its buffers and its plan, and undo it."""
    raw: psycopg.Connection[Any] = connection.connection
    with raw.transaction(force_rollback=True), psycopg.ClientCursor(raw) as cursor:
        statement = cursor.mogrify(sql, params)
        text = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {statement}"))
        if not sql.lstrip().startswith("SELECT"):
            cursor.execute(RUN)
            statement = cursor.mogrify("SELECT pg_temp.run(%(statement)s)", {"statement": statement})
        ((found,),) = cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    root = found[0]["Plan"]
    return Plan(sql, root["Shared Hit Blocks"] + root["Shared Read Blocks"], text)
