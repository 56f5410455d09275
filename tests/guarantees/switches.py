"""For each guarantee the switch that takes out the one mechanism behind it, to see that its tests fail without.

Patches work in any process; worker processes of a test get theirs through the environment. DDL is for the test's
database only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection

from pgworkflows.execution import batch, context, replay, sagas
from pgworkflows.store import checkpoints, claims, events, queues, starting, workers

Switch = Callable[[], AbstractContextManager[Any]]


def _other_session() -> psycopg.Connection[Any]:
    return psycopg.connect(**{**connection.get_connection_params(), "autocommit": True})


def start_commits_by_itself() -> AbstractContextManager[Any]:
    """G1: `start` writes on a connection of its own."""

    def query(sql: str, parameters: dict[str, Any] | None = None) -> list[Any]:
        with _other_session() as session:
            return session.execute(sql, parameters).fetchall()

    return patch.object(starting, "query", query)


def checkpoint_commits_by_itself() -> AbstractContextManager[Any]:
    """G2: the checkpoint is not in the transaction of the step's rows."""
    insert = checkpoints.insert_tasks

    def insert_tasks(_execute: Any, _transaction: str, tasks: list[Any]) -> None:
        with _other_session() as session, session.transaction():

            def execute(sql: str, parameters: Any, count: bool = False) -> Any:
                return session.execute(sql, parameters).rowcount

            ((own,),) = session.execute("SELECT pg_current_xact_id()::text").fetchall()
            insert(execute, own, tasks)

    return patch.object(checkpoints, "insert_tasks", insert_tasks)


def key_is_new_each_time() -> AbstractContextManager[Any]:
    """G3: every attempt has another idempotency key."""
    fickle = SimpleNamespace(uuid5=lambda *_: uuid.uuid4(), UUID=uuid.UUID)
    return patch.object(context, "uuid", fickle)


@contextmanager
def ownership_is_not_checked() -> Iterator[None]:
    """G4: a result is taken whoever owns the workflow by now, in whichever epoch."""

    def match_result(running: Any, run: Any) -> None:
        for call, result in running.engine.results.items():
            if call.workflow == run.row.id:
                run.results[call.position] = result

    unchecked = claims.CLAIM_OWNED.replace("AND w.epoch = c.epoch", "").replace("w.owner_id = %(owner)s", "true")
    assert "owner)s" not in unchecked
    with (
        patch.object(claims, "CLAIM_OWNED", unchecked),
        patch.object(queues, "still_owned", lambda ids, owner: ids),
        patch.object(batch, "_match_results", match_result),
    ):
        yield


def delivery_wakes_nobody() -> AbstractContextManager[Any]:
    """G5: events are marked delivered, and whoever waits for them sleeps on."""
    mark = "UPDATE pgworkflows_event SET delivered_at = pgworkflows.now() WHERE delivered_at IS NULL RETURNING id"
    return patch.object(events, "deliver", lambda most=500: len(events.query(mark)))


def undo_runs_forwards() -> AbstractContextManager[Any]:
    """G6: first in, first undone, and what is not known to have happened is left."""
    listed = sagas.to_undo

    def to_undo(run: Any) -> list[Any]:
        return [task for task in reversed(listed(run)) if task.status == "COMPLETED"]

    return patch.object(sagas, "to_undo", to_undo)


def nobody_takes_over() -> AbstractContextManager[Any]:
    """G7: what a dead worker ran stays its own."""
    return patch.object(workers, "take_over", lambda dead, *, by, died=True: [])


@contextmanager
def history_is_not_written() -> Iterator[None]:
    """G8: one of the triggers that write the history is off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pgworkflows_workflow DISABLE TRIGGER workflow_updated")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE pgworkflows_workflow ENABLE TRIGGER workflow_updated")


@contextmanager
def waiting_stays_open() -> Iterator[None]:
    """G9: every wait keeps a transaction, and its workflow's row lock in it."""
    after_commit = batch._after_commit
    lock = "SELECT FROM pgworkflows_workflow WHERE id = %s FOR NO KEY UPDATE"

    def keep(running: Any, runs: list[Any], hooks: list[Any]) -> None:
        after_commit(running, runs, hooks)
        for run in runs:
            if run.outcome.status == "WAITING":
                session = stack.enter_context(psycopg.connect(**{**connection.get_connection_params(), "autocommit": False}))
                session.execute(lock, [run.row.id])

    with ExitStack() as stack, patch.object(batch, "_after_commit", keep):
        yield


def mismatch_is_ignored() -> AbstractContextManager[Any]:
    """G10: a replay goes on although it does not match what is recorded."""
    return patch.object(replay.Replay, "mismatch", lambda *_: None)


KEPT_OUT = "SELECT pg_get_functiondef('pgworkflows.kept_out'::regproc)"


@contextmanager
def nobody_is_kept_out() -> Iterator[None]:
    """Four eyes: the function that says who may not decide finds nobody."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT_OUT)
        (whole,) = cursor.fetchone()
        head, quote, body = whole.partition("AS $function$")
        query = body.rpartition("$function$")[0]
        cursor.execute(f"{head}{quote} SELECT * FROM ({query}) k WHERE false $function$")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(whole)


PATCHES: dict[str, Switch] = {
    "G1": start_commits_by_itself,
    "G2": checkpoint_commits_by_itself,
    "G3": key_is_new_each_time,
    "G4": ownership_is_not_checked,
    "G5": delivery_wakes_nobody,
    "G6": undo_runs_forwards,
    "G7": nobody_takes_over,
    "G9": waiting_stays_open,
    "G10": mismatch_is_ignored,
}
DDL: dict[str, Switch] = {"G8": history_is_not_written, "four_eyes": nobody_is_kept_out}
SWITCHES: dict[str, Switch] = {name: (PATCHES | DDL)[name] for name in [*(f"G{n}" for n in range(1, 11)), "four_eyes"]}
