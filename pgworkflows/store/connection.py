"""The one connection that the tables are reached by, and the clock."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import ProgrammingError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from ..conf import conf
from ..exceptions import NotAllowed, NotMigrated

Row = tuple[Any, ...]


def database() -> BaseDatabaseWrapper:
    """Return this thread's connection to the alias that holds the tables; no router is asked."""
    return connections[conf().DATABASE]


#: For each thread that waits for the answer to a statement of ours: since when, in monotonic seconds.
unanswered: dict[int, float] = {}


@contextmanager
def answered() -> Iterator[None]:
    """Let it be seen, from outside this thread, how long the database has not answered."""
    thread = threading.get_ident()
    if thread in unanswered:
        yield
        return
    unanswered[thread] = time.monotonic()
    try:
        yield
    finally:
        del unanswered[thread]


def query(sql: str, parameters: dict[str, Any] | None = None) -> list[Row]:
    """Run one statement and return its rows."""
    with answered(), database().cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


NOT_THERE = psycopg.errors.UndefinedTable | psycopg.errors.UndefinedFunction | psycopg.errors.InvalidSchemaName


def tell_what_is_missing(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Run a statement of anybody's; raise NotMigrated where something of ours is not there."""
    try:
        return execute(sql, params, many, context)
    except ProgrammingError as error:
        cause = error.__cause__
        missing = (cause.diag.message_primary if isinstance(cause, NOT_THERE) else None) or ""
        if "pgworkflows" not in missing:
            raise
        raise NotMigrated(context["connection"].alias, missing) from cause


def end_session() -> None:
    """Close this thread's connection and the session itself, which a pool would hand on."""
    if database().connection is not None:
        database().connection.close()
    database().close()


def end_what_was_left_open() -> list[str]:
    """Close this thread's connections that users' code left in a transaction or out of autocommit; return their aliases."""
    left = [connection for connection in connections.all(initialized_only=True) if _left_open(connection)]
    for connection in left:
        connection.in_atomic_block = False
        connection.close()
    return [connection.alias for connection in left]


def _left_open(connection: BaseDatabaseWrapper) -> bool:
    if connection.connection is None or not connection.settings_dict["AUTOCOMMIT"]:
        return False
    if connection.in_atomic_block or not connection.autocommit:
        return True
    return connection.vendor == "postgresql" and connection.connection.pgconn.transaction_status in (
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )


def database_now() -> datetime.datetime:
    """Return the database's time, the only clock."""
    moment: datetime.datetime = query("SELECT pgworkflows.now()")[0][0]
    return moment


def refuse_foreign_transaction(verb: str) -> None:
    """Raise NotAllowed inside `atomic()` of another alias only: that commit would not be ours."""
    ours = conf().DATABASE
    if connections[ours].in_atomic_block:
        return
    foreign = [c.alias for c in connections.all(initialized_only=True) if c.in_atomic_block and c.alias != ours]
    if foreign:
        raise NotAllowed(
            f"{verb} inside atomic(using={foreign[0]!r}) would not commit with it: workflows live in {ours!r}. "
            f"Open transaction.atomic(using={ours!r}) as well, or set PGWORKFLOWS['DATABASE']."
        )
