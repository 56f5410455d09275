"""Switches that take one mechanism out, by patching, so that the proof which rests on it is seen to fail.

A worker process is told by the environment; what is in the database is altered by DDL, on the proof's own server.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

SWITCH = "PROOFS_BREAK"


def _replace(where: Any, name: str, value: Any) -> None:
    patch.object(where, name, value).start()


def _without(where: Any, name: str, part: str, instead: str = "") -> None:
    """Take a part out of a statement that a module holds."""
    whole = getattr(where, name)
    assert part in whole, f"{name} does not say {part!r} any more"
    _replace(where, name, whole.replace(part, instead))


def fence() -> None:
    """Take a result whoever owns the workflow by now, in whichever epoch."""
    from pgworkflows.execution import batch
    from pgworkflows.store import claims, queues

    def match_result(running: Any, run: Any) -> None:
        for call, result in running.engine.results.items():
            if call.workflow == run.row.id:
                run.results[call.position] = result

    _without(claims, "CLAIM_OWNED", "AND w.epoch = c.epoch")
    _without(claims, "CLAIM_OWNED", "w.owner_id = %(owner)s", "true")
    _replace(queues, "still_owned", lambda ids, owner: ids)
    _replace(batch, "_match_results", match_result)


def row_lock() -> None:
    """Claim without locking anything."""
    from pgworkflows.store import claims

    _without(claims, "CLAIM_THESE", "FOR NO KEY UPDATE SKIP LOCKED")
    _without(claims, "CLAIM_HELD", "FOR NO KEY UPDATE")
    _without(claims, "CLAIM_OWNED", "FOR NO KEY UPDATE OF w SKIP LOCKED")


def checkpoint() -> None:
    """Write checkpoints in a transaction of their own, not in that of the step's rows."""
    import psycopg
    from django.db import connection

    from pgworkflows.store import checkpoints

    insert = checkpoints.insert_tasks

    def insert_tasks(_execute: Any, _transaction: str, tasks: list[Any], *args: Any) -> None:
        with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as session, session.transaction():

            def execute(sql: str, parameters: Any = None) -> Any:
                return session.execute(sql, parameters).fetchall()

            ((own,),) = session.execute("SELECT pg_current_xact_id()::text").fetchall()
            insert(execute, own, tasks, *args)

    _replace(checkpoints, "insert_tasks", insert_tasks)


def lease() -> None:
    """Let a stopped worker keep what it took: nobody looks at leases, and the server ends no transaction."""
    from pgworkflows.execution import loading
    from pgworkflows.store import workers

    settings = loading._settings
    _without(workers, "DEAD", "w.beat_at < pgworkflows.now() - w.lease\n    OR ", "")
    _replace(
        loading, "_settings", lambda running: settings(running).replace("idle_in_transaction_session_timeout", "proofs.none")
    )


def transaction_id() -> None:
    """Write without asking whether the transaction is still the one of the claim."""
    from pgworkflows.execution.transaction import FusedTransaction

    _replace(FusedTransaction, "check_transaction", lambda self: None)


def poison_counter() -> None:
    """Count no worker that died with a workflow."""
    from pgworkflows.store import claims, workers

    _without(claims, "COUNT_CRASH", "crashes + 1", "crashes")
    _without(workers, "TAKE_OVER", "w.crashes + 1", "w.crashes")


def _wrap_steps(wrap: Callable[[Any], Callable[..., Any]], *, atomic: bool) -> None:
    """Put something around the function of each step of a kind, compensations too."""
    from pgworkflows.definitions.registry import registry

    declared = list(registry.steps.values())
    for step in [*declared, *(made.undo for made in declared if made.undo is not None)]:
        if step.atomic == atomic:
            _replace(step, "function", wrap(step))


def one_call() -> None:
    """Make each outside call twice."""

    def twice(step: Any) -> Callable[..., Any]:
        function = step.function

        def call(**arguments: Any) -> Any:
            function(**arguments)
            return function(**arguments)

        async def call_and_wait(**arguments: Any) -> Any:
            await function(**arguments)
            return await function(**arguments)

        return call_and_wait if step.is_async else call

    _wrap_steps(twice, atomic=False)


def effects() -> None:
    """Undo the rows of one atomic step in ten, and keep its checkpoint."""
    from django.db import transaction

    calls = itertools.count()

    def forgetful(step: Any) -> Callable[..., Any]:
        function = step.function

        def call(**arguments: Any) -> Any:
            if next(calls) % 10:
                return function(**arguments)
            with transaction.atomic():
                value = function(**arguments)
                transaction.set_rollback(True)
            return value

        return call

    _wrap_steps(forgetful, atomic=True)


def sleep() -> None:
    """Have a sleep return at once."""
    from pgworkflows.execution.replay import Answer
    from pgworkflows.execution.waits.timer import AwaitedTime

    _replace(AwaitedTime, "look", lambda *_: Answer())


def database_clock() -> None:
    """Let a sleep go by the clock of the worker's machine."""
    from datetime import UTC, datetime

    from pgworkflows.execution.replay import Replay
    from pgworkflows.execution.waits.timer import AwaitedTime
    from pgworkflows.store.records import RecordedTask

    open_wait = AwaitedTime.open

    def by_own_clock(self: AwaitedTime, replay: Replay) -> RecordedTask:
        task = open_wait(self, replay)
        assert task.due_at is not None
        task.due_at += datetime.now(UTC) - replay.run.now()
        return task

    _replace(AwaitedTime, "open", by_own_clock)


def values() -> None:
    """Give the body a new now(), uuid4() and random() each time, whatever is recorded."""
    from pgworkflows.execution.replay import Replay

    record = Replay.record

    def forget(self: Replay, kind: str, name: str, make: Callable[[], Any], what: str) -> Any:
        recorded = record(self, kind, name, make, what)
        return make() if kind == "VALUE" else recorded

    _replace(Replay, "record", forget)


def priority() -> None:
    """Take up what has waited longest, whatever its priority; by DDL, in the database only."""


def run_after() -> None:
    """Let a workflow begin at once that was to begin later; by DDL, in the database only."""


def pruning() -> None:
    """Keep the workflows that a prune removes; by DDL, in the database only."""


def history() -> None:
    """Write no history when a task changes; by DDL, in the database only."""


def replaced_in_functions(names: str, part: str, instead: str) -> str:
    """Return the DDL that replaces a part of some of the engine's SQL functions; it fails where none says that any more."""
    return f"""
    DO $do$
    DECLARE f record; found integer := 0;
    BEGIN
      FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pgworkflows'::regnamespace
                 AND p.proname = ANY (string_to_array('{names}', ' ')) AND strpos(p.prosrc, '{part}') > 0
      LOOP
        EXECUTE replace(pg_get_functiondef(f.oid), '{part}', '{instead}');
        found := found + 1;
      END LOOP;
      IF found < cardinality(string_to_array('{names}', ' ')) THEN
        RAISE 'not all of these functions say "{part}" any more: {names}';
      END IF;
    END
    $do$
    """


KEEP = """
CREATE FUNCTION proofs_keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER proofs_keep BEFORE DELETE ON pgworkflows_workflow FOR EACH ROW EXECUTE FUNCTION proofs_keep()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What is taken out, in worker processes and in the database; the proofs that must notice, and by which count."""

    take_out: Callable[[], None]
    proofs: tuple[str, ...]
    counter: str
    ddl: str = ""

    @property
    def does(self) -> str:
        """Say what is missing then."""
        return " ".join((self.take_out.__doc__ or "").split())


SWITCHES = {
    "fence": Switch(take_out=fence, proofs=("zombies", "networks"), counter="results_without_claim"),
    "row-lock": Switch(
        take_out=row_lock,
        proofs=("undisturbed",),
        counter="calls_made_twice",
        ddl=replaced_in_functions("claim", "FOR NO KEY UPDATE SKIP LOCKED", ""),
    ),
    "checkpoint": Switch(take_out=checkpoint, proofs=("points",), counter="effects_lost"),
    "history": Switch(
        take_out=history,
        proofs=("undisturbed",),
        counter="history_missing",
        ddl="ALTER TABLE pgworkflows_task DISABLE TRIGGER task_updated",
    ),
    "lease": Switch(take_out=lease, proofs=("zombies",), counter="not_declared_dead"),
    "transaction-id": Switch(
        take_out=transaction_id,
        proofs=("undisturbed",),
        counter="effects_not_expected",
        ddl=replaced_in_functions(
            "insert_tasks update_tasks update_workflows", "pg_current_xact_id() = claim", "claim IS NOT NULL"
        ),
    ),
    "one-call": Switch(take_out=one_call, proofs=("undisturbed",), counter="calls_made_twice"),
    "sleep": Switch(take_out=sleep, proofs=("undisturbed",), counter="timers_early"),
    "database-clock": Switch(take_out=database_clock, proofs=("clock",), counter="timers_early"),
    "values": Switch(take_out=values, proofs=("undisturbed",), counter="values_changed"),
    "priority": Switch(
        take_out=priority,
        proofs=("undisturbed",),
        counter="priority_ignored",
        ddl=replaced_in_functions("claim", "ORDER BY d.priority DESC, lanes_left DESC", "ORDER BY d.available_at"),
    ),
    "run-after": Switch(
        take_out=run_after,
        proofs=("undisturbed",),
        counter="begun_early",
        ddl=replaced_in_functions("insert_workflows", "GREATEST(run_after, at)", "at"),
    ),
    "effects": Switch(take_out=effects, proofs=("soak", "prune"), counter="effects_lost"),
    "pruning": Switch(take_out=pruning, proofs=("soak", "prune"), counter="left_unpruned", ddl=KEEP),
    "poison-counter": Switch(take_out=poison_counter, proofs=("poison",), counter="not_blocked"),
}


def from_environment() -> None:
    """Take out what the environment of this worker process says."""
    name = os.environ.get(SWITCH)
    if name:
        SWITCHES[name].take_out()
