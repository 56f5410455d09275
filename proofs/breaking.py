"""Switches that take one mechanism out, by patching, so that the proof which rests on it is seen to fail.

A worker process is told by the environment; what is in the database is altered by DDL, on the proof's own server.
"""

from __future__ import annotations

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
    from pgworkflows.store import claims, idling

    def match_result(running: Any, run: Any) -> None:
        for call, result in running.engine.results.items():
            if call[0] == run.row.id:
                run.result = result

    _without(claims, "CLAIM_OWNED", "AND w.epoch = c.epoch")
    _without(claims, "CLAIM_OWNED", "w.owner_id = %(owner)s", "true")
    _replace(idling, "still_owned", lambda ids, owner: ids)
    _replace(batch, "_match_result", match_result)


def row_lock() -> None:
    """Claim without locking anything."""
    from pgworkflows.store import claims

    for name in ("CLAIM_THESE", "CLAIM_HELD"):
        _without(claims, name, "FOR NO KEY UPDATE SKIP LOCKED")
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
    from pgworkflows.execution import batch
    from pgworkflows.store import workers

    settings = batch._settings
    _without(workers, "DEAD", "w.beat_at < pgworkflows.now() - w.lease\n    OR ", "")
    _replace(batch, "_settings", lambda running: settings(running).replace("idle_in_transaction_session_timeout", "proofs.none"))


def transaction_id() -> None:
    """Write without asking whether the transaction is still the one of the claim."""
    from pgworkflows.execution.transaction import FusedTransaction

    _replace(FusedTransaction, "check_transaction", lambda self: None)


def poison_counter() -> None:
    """Count no worker that died with a workflow."""
    from pgworkflows.store import claims, workers

    _without(claims, "COUNT_CRASH", "crashes + 1", "crashes")
    _without(workers, "TAKE_OVER", "w.crashes + 1", "w.crashes")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What is taken out, in worker processes and in the database, and the proof that must notice."""

    take_out: Callable[[], None]
    proof: str
    ddl: str = ""

    @property
    def does(self) -> str:
        """Say what is missing then."""
        return " ".join((self.take_out.__doc__ or "").split())


SWITCHES = {
    "fence": Switch(take_out=fence, proof="zombies"),
    "row-lock": Switch(
        take_out=row_lock, proof="undisturbed", ddl=replaced_in_functions("claim", "FOR NO KEY UPDATE SKIP LOCKED", "")
    ),
    "checkpoint": Switch(take_out=checkpoint, proof="points"),
    "history": Switch(take_out=history, proof="undisturbed", ddl="ALTER TABLE pgworkflows_task DISABLE TRIGGER task_updated"),
    "lease": Switch(take_out=lease, proof="zombies"),
    "transaction-id": Switch(
        take_out=transaction_id,
        proof="undisturbed",
        ddl=replaced_in_functions(
            "insert_tasks update_tasks update_workflows", "pg_current_xact_id() = claim", "claim IS NOT NULL"
        ),
    ),
    "poison-counter": Switch(take_out=poison_counter, proof="poison"),
}


def from_environment() -> None:
    """Take out what the environment of this worker process says."""
    name = os.environ.get(SWITCH)
    if name:
        SWITCHES[name].take_out()
