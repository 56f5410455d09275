"""The fused transaction on Django's own connection: savepoints, and what a body or a step may not do in it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus
from psycopg.sql import Composable

from ..exceptions import NotAllowed, QueryInBody
from ..store.connection import Row
from .control_flow import TransactionLost
from .errors import LOCK_TIMEOUT, sqlstate

#: PostgreSQL caches 64 subtransactions of a backend; past that every reader of its rows pays.
MOST_SAVEPOINTS = 60
SAVEPOINT = "pgworkflows_step"

_TRANSACTION_CONTROL = re.compile(
    r"(?:^|;)(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b",
    re.IGNORECASE | re.DOTALL,
)


_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1", re.DOTALL)


def _controls_transaction(sql: str) -> bool:
    if ";" in sql:  # several statements, or a semicolon in a literal or in a function's text
        return _TRANSACTION_CONTROL.search(_QUOTED.sub("''", sql)) is not None
    return _TRANSACTION_CONTROL.match(sql) is not None


Hook = Callable[[], Any]


class FusedTransaction:
    """What one batch does to the connection between BEGIN and COMMIT.

    `mode` says whose code is running: the engine's, a body's (no query at all) or a step's (no transaction control, a
    savepoint before its first query).
    """

    def __init__(self, connection: BaseDatabaseWrapper, *, settings: str, alone: bool, lock_timeout: float) -> None:
        self.connection = connection
        #: What is still to be set for this transaction, as statements.
        self.settings = settings
        self.raw: psycopg.Connection[Any] = connection.connection
        self.alone = alone
        self.lock_timeout = lock_timeout
        self.mode = "engine"
        self.workflow = ""
        self.transaction = ""
        self.savepoints = 0
        #: When this transaction last came back from the database, in monotonic seconds.
        self.last_activity = time.monotonic()
        self._savepoint_set = False
        self._savepoint_unused = False
        self._lock_error: Exception | None = None
        self._hooks_before = 0
        self._hooks_of_caller = len(connection.run_on_commit)

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        """Run a statement of the engine's own, past Django's wrappers and with its parameters apart; return its rows."""
        self.last_activity = time.monotonic()
        self._savepoint_unused = False
        if self.settings:
            return self._execute_first_of_all(sql, parameters)
        with self._no_error_into_body(), psycopg.Cursor(self.raw) as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _execute_first_of_all(self, sql: str, parameters: dict[str, Any] | None) -> list[Row]:
        """Run the first statement behind this transaction's settings, in one round trip."""
        settings, self.settings = self.settings.replace("%", "%%"), ""
        with psycopg.ClientCursor(self.raw) as cursor:
            cursor.execute(f"{settings}; {sql}", parameters or {}, prepare=False)
            while cursor.nextset():
                pass
            return cursor.fetchall()

    def run_script(self, sql: str) -> None:
        """Run several statements without parameters in one round trip."""
        with self.raw.cursor() as cursor:
            cursor.execute(sql, prepare=False)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Watch every connection's queries, and refuse what would end the transaction, while users' code runs."""
        every = [connections[alias] for alias in connections]
        for connection in every:
            connection.execute_wrappers.append(self._watch if connection is self.connection else self._watch_other)
        self.connection.close = self._refuse_close  # type: ignore[method-assign] # for the batch only
        self.raw.commit = self.raw.rollback = self._refuse_control  # type: ignore[method-assign] # for the batch only
        self.raw.close = self._refuse_close  # type: ignore[method-assign] # for the batch only
        try:
            yield
        finally:
            del self.connection.close, self.raw.commit, self.raw.rollback, self.raw.close
            for connection in every:
                connection.execute_wrappers.pop()

    def _refuse_close(self) -> NoReturn:
        raise NotAllowed(f"A step of {self.workflow} closed the worker's connection. Use @step(atomic=False) for that.")

    def _refuse_control(self) -> NoReturn:
        raise NotAllowed(
            f"A step of {self.workflow} tried to end the worker's transaction, which also holds its checkpoint. "
            "Leave that to the worker, use transaction.atomic() for a part that may fail, or @step(atomic=False)."
        )

    def _watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if self.mode != "body" and _controls_transaction(self._text(sql)):
            self._refuse_control()
        if self.mode == "step":
            began = time.monotonic()
            self.last_activity = math.inf  # busy in the database, for however long
            try:
                if self._savepoint_set:
                    self._savepoint_unused = False
                    return execute(sql, params, many, context)
                return self._execute_first(execute, sql, params, many, context)
            except Exception as error:
                # A user's own NOWAIT has the same SQLSTATE, but does not take that long.
                waited = time.monotonic() - began >= 0.8 * self.lock_timeout
                if waited and sqlstate(error) == LOCK_TIMEOUT:
                    self._lock_error = error
                raise
            finally:
                self.last_activity = time.monotonic()
        if self.mode == "body":
            raise QueryInBody(self.workflow, self._text(sql)[:200])
        self._savepoint_unused = False
        return execute(sql, params, many, context)

    def _watch_other(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if self.mode == "body":
            raise QueryInBody(self.workflow, self._text(sql)[:200])
        return execute(sql, params, many, context)

    def _text(self, sql: Any) -> str:
        return sql.as_string(self.raw) if isinstance(sql, Composable) else str(sql)

    def leave(self) -> None:
        """Leave users' code. A query refused in a body has left Django's mark, but nothing to roll back."""
        self.mode = "engine"
        self.connection.needs_rollback = False

    @contextmanager
    def own_queries(self) -> Iterator[None]:
        """Let the engine query through Django's cursors in the middle of a body."""
        with self._no_error_into_body():
            self.mode, self._savepoint_unused = "engine", False
            try:
                yield
            finally:
                self.mode = "body"

    @contextmanager
    def _no_error_into_body(self) -> Iterator[None]:
        """Let no body catch an error of the engine's own queries: the transaction is spoiled."""
        try:
            yield
        except (DatabaseError, psycopg.Error) as error:
            if self.mode != "body":
                raise
            raise TransactionLost(str(error)) from error

    def begin_step(self) -> None:
        """Let a step's queries through; its savepoint is set before the first."""
        self._savepoint_set = self._savepoint_unused
        self._lock_error = None
        self.connection.needs_rollback = False
        self._hooks_before = len(self.connection.run_on_commit)
        self.last_activity = time.monotonic()
        self.mode = "step"

    def _execute_first(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run a step's first query behind its savepoint: both in one round trip where parameters are bound on our side.

        The step before keeps its rows; its subtransaction is merged into ours.
        """
        set_savepoint = f"SAVEPOINT {SAVEPOINT}_{self.savepoints + 1}"
        if self.savepoints:
            set_savepoint = f"RELEASE SAVEPOINT {SAVEPOINT}_{self.savepoints}; {set_savepoint}"
        cursor = context["cursor"].cursor
        together = isinstance(cursor, psycopg.ClientCursor) and isinstance(sql, str) and not many and not self.alone
        if not together:
            self.run_script(set_savepoint)
        self.savepoints += 1
        self._savepoint_set, self._savepoint_unused = True, False
        if not together:
            return execute(sql, params, many, context)
        result = execute(f"{set_savepoint}; {sql}", params, many, context)
        for _ in set_savepoint.split(";"):
            cursor.nextset()
        return result

    def check_step(self) -> None:
        """Raise what a step did to the transaction without saying so."""
        status = self.raw.pgconn.transaction_status
        if status == TransactionStatus.IDLE:
            raise TransactionLost("a step ended the worker's transaction")
        if status == TransactionStatus.INERROR or self.connection.needs_rollback:
            raise NotAllowed(
                "The step swallowed a database error, which has spoiled its transaction, or called set_rollback(True). "
                "Put the query that may fail into its own transaction.atomic()."
            ) from self._lock_error
        if self.alone:
            # What a raw cursor did to the transaction is seen nowhere else.
            self.check_transaction()
            if self._savepoint_set:
                self.check_constraints()

    def check_constraints(self) -> None:
        """Check deferred constraints now, so that a bad foreign key is charged to the step that wrote it."""
        with self.connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def check_transaction(self) -> None:
        """Raise if this is not the transaction that holds the claim."""
        now = self.execute("SELECT pg_current_xact_id_if_assigned()::text")[0][0]
        if self.transaction and now != self.transaction:
            raise TransactionLost("a step ended the worker's transaction")

    def end_step(self) -> None:
        """Leave the step: what follows is the body again."""
        self.mode = "body"

    def undo_step(self) -> None:
        """Roll the step back: rows, `on_commit` hooks, and Django's own mark. Raise TransactionLost if that cannot be."""
        self.mode = "engine"
        status = self.raw.pgconn.transaction_status
        if self.raw.closed or (self.savepoints and status == TransactionStatus.IDLE):
            raise TransactionLost("the connection or the transaction is gone")
        if self._savepoint_set:
            try:
                self.run_script(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}_{self.savepoints}")
            except psycopg.Error as error:  # also where a syntax error kept the server from setting it
                raise TransactionLost(str(error)) from error
            self._savepoint_unused = True
        elif status == TransactionStatus.INERROR:
            raise TransactionLost("a step spoiled the transaction past its savepoint")
        self.connection.needs_rollback = False
        del self.connection.run_on_commit[self._hooks_before :]
        self.mode = "body"

    def gave_way(self, error: BaseException) -> bool:
        """Whether the error comes from a query that ran into the worker's own lock_timeout."""
        cause: BaseException | None = error
        while cause is not None and cause is not self._lock_error:
            cause = cause.__cause__ or cause.__context__
        return cause is not None

    def take_hooks(self) -> list[Hook]:
        """Take this batch's `on_commit` hooks away from Django, which would drop the rest when one raises."""
        hooks = [entry[1] for entry in self.connection.run_on_commit[self._hooks_of_caller :]]
        del self.connection.run_on_commit[self._hooks_of_caller :]
        return hooks
