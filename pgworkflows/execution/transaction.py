"""The fused transaction on Django's own connection: savepoints, and what a body or a step may not do in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus

from ..exceptions import NotAllowed
from ..models.workflow_row import ClaimedWorkflow
from ..store.connection import Row
from .control_flow import TransactionLost
from .errors import LOCK_TIMEOUT, sqlstate

#: PostgreSQL caches 64 subtransactions of a backend; past that every reader of its rows pays.
MOST_SAVEPOINTS = 60
SAVEPOINT = "pgworkflows_workflow"
# All but what only the beginning of a transaction can set; the role is not among the settings that are shown.
SET_BY_STEPS = """
SELECT (jsonb_object_agg(name, setting) || jsonb_build_object('role', pg_catalog.current_setting('role')))::text
FROM pg_catalog.pg_settings
WHERE source = 'session' AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable')
"""
SET_AGAIN = """
SELECT pg_catalog.set_config(key, value, true) FROM pg_catalog.jsonb_each_text(%(kept)s::jsonb) ORDER BY key = 'role'
"""
#: What a step did that ended the transaction; its name comes before.
ENDED = (
    "ended the worker's transaction, which also holds its checkpoint. What it wrote before stands. Take the COMMIT or "
    "ROLLBACK out, or use @step(atomic=False)."
)

Hook = Callable[[], Any]


class FusedTransaction:
    """What one batch does to the connection between BEGIN and COMMIT.

    `mode` says whose statements come now: the `engine`'s, those of a `body` (none at all) or a `step` (no transaction
    control, a savepoint before the first of its workflow), or `queries` of the engine's through Django, users' code among
    them.
    """

    def __init__(self, connection: BaseDatabaseWrapper, *, begin: str, settings: str, alone: bool, lock_timeout: float) -> None:
        self.connection = connection
        #: What this transaction is set to, as statements; those that are still to be sent.
        self.own, self.settings = settings, f"{begin}{settings}"
        self.raw: psycopg.Connection[Any] = connection.connection
        self.alone = alone
        self.lock_timeout = lock_timeout
        self.mode = "engine"
        self.workflow: ClaimedWorkflow | None = None
        self.transaction = ""
        self.savepoints = 0
        #: When a statement was last sent or answered, in monotonic seconds.
        self.last_activity = time.monotonic()
        #: Whether each step has a savepoint of its own, or all of a workflow share one.
        self.savepoint_each = alone
        self._savepoint_set = False
        self._savepoint_unused = False
        #: Whether earlier steps would be undone with this one, and whether this one has sent anything.
        self._shared = False
        self._sent = False
        self._lock_error: Exception | None = None
        #: Whether something was sent that could have ended the transaction, for all that its text says.
        self.unsure = False
        #: Whether a step changed what other workflows of this transaction would meet, and what others of this session would.
        self.session_changed = False
        self.session_spoiled = False
        #: Whether a step changed where names are looked up, which is taken back before the next workflow.
        self.path_changed = False
        #: The other aliases that the step may write to, and the savepoints that it has set itself.
        self.elsewhere: Collection[str] = ()
        self.savepoints_of_step: set[str] = set()
        self._hooks_of_caller = self._hooks_before = self._hooks_of_others = len(connection.run_on_commit)

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        """Run a statement of the engine's own, past Django's wrappers and with its parameters apart; return its rows."""
        self.last_activity = time.monotonic()
        if self.settings:
            return self._execute_first_of_all(sql, parameters)
        with self._in_mode("engine"), psycopg.Cursor(self.raw) as cursor:
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

    def _move_savepoint(self, script: str) -> None:
        """Run statements about our savepoint in one round trip, beneath psycopg, which may be about to send a user's."""
        result = self.raw.pgconn.exec_(script.encode())
        if result.status != ExecStatus.COMMAND_OK:  # also where a syntax error kept the server from setting it
            raise TransactionLost(result.error_message.decode(errors="replace"))

    def leave(self) -> None:
        """Leave a workflow's code. A query refused in a body has left Django's mark, but nothing to roll back."""
        self.mode = "engine"
        self.connection.needs_rollback = False
        self.savepoint_each = self.alone
        self._savepoint_set = self._savepoint_unused = False
        self._hooks_of_others = len(self.connection.run_on_commit)

    @property
    def full(self) -> bool:
        """Whether what comes would need a savepoint too many."""
        return self.savepoints >= MOST_SAVEPOINTS and (self.savepoint_each or not self._savepoint_set)

    @contextmanager
    def own_queries(self) -> Iterator[None]:
        """Let the engine query through Django's cursors in the middle of a body; users' code that it asks stays guarded.

        No body may catch a database error of these: the transaction is spoiled. What they write is undone with the steps that
        come after, for the body to do it again.
        """
        with self._in_mode("queries"), self._own_settings():
            yield
            if self.unsure:
                self.check_transaction()

    @contextmanager
    def _own_settings(self) -> Iterator[None]:
        """Put the worker's own settings and role in the place of what steps have set, and theirs back afterwards."""
        if not (self.session_changed or self.path_changed):
            yield
            return
        ((kept,),) = self.execute(SET_BY_STEPS)
        self._set_back("RESET ALL; ")
        yield
        self.execute(SET_AGAIN, {"kept": kept})

    @contextmanager
    def _in_mode(self, mode: str) -> Iterator[None]:
        before, self.mode = self.mode, mode
        try:
            if before == "body" and not self.savepoint_each:
                self.set_savepoint(alone=True)
            self._savepoint_unused = False
            yield
        except (DatabaseError, psycopg.Error) as error:
            if before != "body":
                raise
            raise TransactionLost(str(error)) from error
        finally:
            self.mode = before

    def begin_step(self, elsewhere: Collection[str], *, own_savepoint: bool) -> None:
        """Let a step's queries through, and what it writes `elsewhere`; `own_savepoint` gives it one."""
        self.savepoint_each |= own_savepoint
        if self.savepoint_each:
            self._savepoint_set = self._savepoint_unused
        self._shared = self._savepoint_set and not self._savepoint_unused
        self._sent = False
        self._lock_error = None
        self.unsure = False
        self.elsewhere = elsewhere
        self.savepoints_of_step.clear()
        self.connection.needs_rollback = False
        self._hooks_before = len(self.connection.run_on_commit)
        self.last_activity = time.monotonic()
        self.mode = "step"

    def set_savepoint(self, *, alone: bool) -> str:
        """See that the step's next statement can be undone; return what has to be sent in front of it.

        Both go in one round trip where that can be; `alone` says that it cannot. What lies behind the savepoint before is
        kept: its subtransaction is merged into ours.
        """
        if self._savepoint_set:
            return ""
        text = f"SAVEPOINT {SAVEPOINT}_{self.savepoints + 1}"
        if self.savepoints:
            text = f"RELEASE SAVEPOINT {SAVEPOINT}_{self.savepoints}; {text}"
        if alone or self.alone:
            self._move_savepoint(text)
            text = ""
        self.savepoints += 1
        self._savepoint_set = True
        return text

    def begin_statement(self) -> None:
        """Note that a statement of a step is on its way."""
        self._savepoint_unused, self._sent = False, True

    def statement_failed(self, error: psycopg.Error, began: float) -> None:
        """Note whether it ran into our own lock_timeout: a user's NOWAIT has the same SQLSTATE, but does not take that long."""
        if sqlstate(error) == LOCK_TIMEOUT and time.monotonic() - began >= 0.8 * self.lock_timeout:
            self._lock_error = error

    def take_back_path(self) -> None:
        """Look names up as at the beginning again, for the next workflow and for the engine's own statements."""
        if self.path_changed:
            self.path_changed = False
            self.execute("RESET search_path")

    def take_back_settings(self) -> None:
        """Take back what steps have set, so that the engine writes as itself; the session is closed after the batch."""
        self.take_back_path()
        if not self.session_changed:
            return
        self.session_spoiled |= not self.alone
        self._set_back("RESET ALL; " if self.session_spoiled else "")
        self.connection.ensure_timezone()

    def _set_back(self, others: str) -> None:
        with self._in_mode("engine"), psycopg.Cursor(self.raw) as cursor:
            cursor.execute(f"{self._role()}; {others}{self.own}", prepare=False)

    def _role(self) -> str:
        """Return what makes the session the worker's own again, which RESET ALL does not."""
        assumed = self.connection.settings_dict["OPTIONS"].get("assume_role")
        role = f"SET ROLE {self.connection.ops.quote_name(assumed)}" if assumed else "RESET ROLE"
        return f"RESET SESSION AUTHORIZATION; {role}"

    def check_step(self) -> None:
        """Raise what a step did to the transaction without saying so."""
        status = self.raw.pgconn.transaction_status
        if status == TransactionStatus.IDLE:
            raise TransactionLost(ENDED)
        if status == TransactionStatus.ACTIVE or self.raw.pgconn.pipeline_status != PipelineStatus.OFF:
            self.raw.pgconn.finish()  # it would not hear a ROLLBACK
            self.connection.closed_in_transaction = True
            raise TransactionLost("left a COPY, a stream or a pipeline open. Use it in a with block, or read it to its end.")
        if status == TransactionStatus.INERROR or self.connection.needs_rollback:
            raise NotAllowed(
                "The step swallowed a database error, which has spoiled its transaction, or called set_rollback(True). "
                "Put the query that may fail into its own transaction.atomic()."
            ) from self._lock_error
        if self.alone or self.unsure:
            self.check_transaction()
        if self.alone and self._savepoint_set:
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
            raise TransactionLost(ENDED)
        self.unsure = False

    def end_step(self) -> None:
        """Leave the step: what follows is the body again."""
        self.mode = "body"

    def undo_step(self) -> bool:
        """Roll the step back: rows, `on_commit` hooks, and Django's own mark. Raise TransactionLost if that cannot be.

        Return whether all that its workflow did in this transaction went with it.
        """
        self.mode = "engine"
        status = self.raw.pgconn.transaction_status
        if self.raw.closed or (self.savepoints and status == TransactionStatus.IDLE):
            raise TransactionLost("the connection or the transaction is gone")
        all_of_it = self._shared and self._sent
        if self._savepoint_set and (self._sent or not self._shared):
            self._move_savepoint(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}_{self.savepoints}")
            self._savepoint_unused = True
        elif status == TransactionStatus.INERROR:
            raise TransactionLost("a step spoiled the transaction past its savepoint")
        self.connection.needs_rollback = False
        del self.connection.run_on_commit[self._hooks_of_others if all_of_it else self._hooks_before :]
        self.mode = "body"
        return all_of_it

    def hit_lock_timeout(self, error: BaseException) -> bool:
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
