"""What users' code may send to the database while a batch runs, whichever way it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import psycopg
from django.db import connections
from psycopg.sql import Composable

from ..exceptions import NotAllowed, QueryInBody
from .sql_text import (
    ends_transaction,
    is_everyday,
    only_reads,
    outlives_transaction,
    outlives_workflow,
    savepoint_set,
    savepoint_used,
    sets_search_path,
    statements,
)
from .transaction import FusedTransaction

#: What psycopg's generators call the text that they are about to send.
_TEXT_OF_GENERATOR = ("query", "statement")


class Guard:
    """Stands on Django's cursors, and on the one method through which psycopg sends anything at all.

    In a body nothing passes. In a step nothing passes that ends the worker's transaction, and each statement goes behind
    the savepoint that it can be undone to.
    """

    def __init__(self, transaction: FusedTransaction) -> None:
        self.transaction = transaction
        self._send = transaction.raw.wait
        #: Whether what psycopg sends just now has been seen at Django's cursor.
        self._seen = False

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Watch every connection's queries, and refuse what would end the transaction."""
        connection, raw = self.transaction.connection, self.transaction.raw
        watches = [(connections[alias], self._watch if alias == connection.alias else self._watch_other) for alias in connections]
        for watched, watch in watches:
            watched.execute_wrappers.append(watch)
        connection.close = self._refuse_close  # type: ignore[method-assign] # for the batch only
        raw.commit = raw.rollback = self._refuse_control  # type: ignore[method-assign] # for the batch only
        raw.close = self._refuse_close  # type: ignore[method-assign] # for the batch only
        raw.wait = self._wait  # type: ignore[method-assign, assignment] # for the batch only
        try:
            yield
        finally:
            del connection.close, raw.commit, raw.rollback, raw.close, raw.wait
            for watched, watch in watches:
                with suppress(ValueError):  # a step took it out
                    watched.execute_wrappers.remove(watch)

    def _refuse_close(self) -> NoReturn:
        raise NotAllowed(
            f"A step of {self.transaction.workflow} closed the worker's connection. Use @step(atomic=False) for that."
        )

    def _refuse_control(self) -> NoReturn:
        raise NotAllowed(
            f"A step of {self.transaction.workflow} tried to end the worker's transaction, which also holds its checkpoint. "
            "Leave that to the worker, use transaction.atomic() for a part that may fail, or @step(atomic=False)."
        )

    def _watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self._admit(sql)
        if self.transaction.mode != "step":
            return execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        together = isinstance(cursor, psycopg.ClientCursor) and isinstance(sql, str) and not many
        savepoint = self.transaction.set_savepoint(alone=not together)
        self._seen = True
        try:
            if not savepoint:
                return execute(sql, params, many, context)
            result = execute(f"{savepoint}; {sql}", params, many, context)
            for _ in savepoint.split(";"):
                cursor.nextset()
            return result
        finally:
            self._seen = False

    def _wait(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Do what psycopg does to send something and wait for the answer."""
        transaction = self.transaction
        if transaction.mode == "engine":
            return self._send(generator, *args, **kwargs)
        if not self._seen:
            self._admit_raw(generator)
        began = transaction.last_activity = time.monotonic()
        in_step = transaction.mode == "step"
        if in_step:
            transaction.begin_statement()
        try:
            return self._send(generator, *args, **kwargs)
        except psycopg.Error as error:
            if in_step:
                transaction.statement_failed(error, began)
            raise
        finally:
            transaction.last_activity = time.monotonic()

    def _admit_raw(self, generator: Any) -> None:
        """Look at what comes past Django's cursors: COPY, callproc(), stream(), psycopg's own cursors, pipelines."""
        named = generator.gi_frame.f_locals if generator.gi_frame is not None else {}
        sql = next((named[name] for name in _TEXT_OF_GENERATOR if name in named), None)
        try:
            self._admit(sql or "")
        except BaseException:
            generator.close()
            raise
        if sql is not None:
            self.transaction.unsure = True
        if self.transaction.mode == "step":
            self.transaction.set_savepoint(alone=True)

    def _admit(self, sql: Any) -> None:
        """Raise QueryInBody in a body, and NotAllowed for transaction control."""
        text = self._text(sql)
        if self.transaction.mode == "body":
            raise QueryInBody(str(self.transaction.workflow), text[:200])
        if is_everyday(text):
            return
        self.transaction.unsure |= ";" in text
        backslashes = self.transaction.raw.info.parameter_status("standard_conforming_strings") == "off"
        for statement in statements(text, backslashes=backslashes):
            if ends_transaction(statement):
                self._refuse_control()
            if sets_search_path(statement):
                self.transaction.path_changed = True
                continue
            self.transaction.session_changed |= outlives_workflow(statement)
            self.transaction.session_spoiled |= outlives_transaction(statement)
            if made := savepoint_set(statement):
                self.transaction.savepoints_of_step.add(made)
            elif (used := savepoint_used(statement)) and used not in self.transaction.savepoints_of_step:
                raise NotAllowed(
                    f"A step of {self.transaction.workflow} went back to the savepoint {used!r}, which it did not set itself. "
                    "Use transaction.atomic() for a part that may fail."
                )

    def _text(self, sql: Any) -> str:
        if isinstance(sql, bytes):
            return sql.decode(errors="replace")
        return sql.as_string(self.transaction.raw) if isinstance(sql, Composable) else str(sql)

    def _watch_other(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if self.transaction.mode == "body":
            raise QueryInBody(str(self.transaction.workflow), self._text(sql)[:200])
        alias = context["connection"].alias
        if self.transaction.mode == "step" and alias not in self.transaction.elsewhere and not only_reads(self._text(sql)):
            raise NotAllowed(
                f"A step of {self.transaction.workflow} wrote to the database {alias!r}: that is not undone when the step "
                f"fails, and is done again when it runs again. Use @step(atomic=False), or allow it with "
                f"@step(elsewhere=({alias!r},))."
            )
        return execute(sql, params, many, context)
