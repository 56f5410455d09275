"""The log, and mail to ADMINS about workflows that failed: without a flood, and without keeping a worker waiting."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from contextlib import suppress
from queue import Full, Queue
from typing import Any
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connections
from django.dispatch import receiver
from django.utils import log

from .. import signals
from ..execution.telling import Failure
from ..values.redaction import Redactor
from . import points

LOGGER = "pgworkflows"
logger = logging.getLogger(LOGGER)
#: For so many seconds a process sends no other e-mail about the same.
PAUSE = 300.0
#: How long a process that ends waits for the mail server, in seconds.
LONGEST_GOODBYE = 10.0
#: E-mails of different kinds that may wait for the mail server; more are counted.
MOST_WAITING = 20
DETAILS = (
    "workflow_id", "workflow_name", "workflow_version", "workflow_key", "workflow_status", "queue", "step", "attempts",
)  # fmt: skip


@receiver(signals.workflow_changed, dispatch_uid="pgworkflows.log.workflow")
def log_workflow(
    *, workflow: UUID, name: str, from_status: str, to_status: str, error: str, redactor: Redactor,
    failure: Failure | None = None, **_: Any,
) -> None:  # fmt: skip
    """Log a change of status; as an error, with the exception, where a person has to hear of it."""
    level = logging.DEBUG if failure is None else logging.INFO if failure.expected else logging.ERROR
    if not logger.isEnabledFor(level):
        return
    details: dict[str, Any] = {"workflow_id": str(workflow), "workflow_name": name, "workflow_status": to_status}
    if failure is not None:
        details |= {
            "workflow_version": failure.version, "workflow_key": failure.key, "queue": failure.queue, "step": failure.step,
            "attempts": failure.attempts, "error_type": failure.error_type,
            "recorded_traceback": redactor.text(failure.traceback),
        }  # fmt: skip
    # Whatever formats an exception shows all that it says.
    shown = (
        failure.exception if failure is not None and level == logging.ERROR and not redactor.hides(failure.exception) else None
    )
    logger.log(
        level, "%s %s: %s -> %s%s", name, workflow, from_status, to_status, f": {redactor.text(error)}" if error else "",
        exc_info=shown, extra=details,
    )  # fmt: skip


@receiver(signals.step_failed, dispatch_uid="pgworkflows.log.step")
def log_step(
    *, workflow: UUID, name: str, step: str, attempt: int, error: str, final: bool, redactor: Redactor, **_: Any
) -> None:
    """Log a failed attempt."""
    ending = "for good" if final else "and will be tried again"
    logger.info("%s %s: %s failed %s (attempt %d): %s", name, workflow, step, ending, attempt, redactor.text(error))


@receiver(signals.ended_run_returned, dispatch_uid="pgworkflows.log.ended_run")
def log_ended_run(*, name: str, workflow: UUID, key: str, status: str, **_: Any) -> None:
    """Warn that a start began nothing."""
    logger.warning(
        "%s: the start under key %r gave back workflow %s, which is %s, and began nothing. Use another key to run it once more.",
        name, key, workflow, status,
    )  # fmt: skip


@receiver(signals.definition_changed, dispatch_uid="pgworkflows.log.definition")
def log_definition(*, name: str, version: int, unfinished: int, **_: Any) -> None:
    """Warn that code changed under running workflows."""
    logger.warning(
        "%s v%d: %d unfinished run(s) began with another body. Where it no longer matches what they recorded, they stop "
        "as BLOCKED; a changed body should have a new version=.",
        name, version, unfinished,
    )  # fmt: skip


def log_failure(*, what: str, error: BaseException, **_: Any) -> None:
    """Log what failed in a place where nothing may be raised; a lost connection in one line."""
    if isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError):
        logger.warning("%s: %s; trying again", what, " ".join(str(error).split()) or type(error).__name__)
        return
    redactor = Redactor()
    if redactor.hides(error):
        logger.error("%s failed: %s: %s", redactor.text(what), type(error).__name__, redactor.text(str(error)))
    else:
        logger.error("%s failed", redactor.text(what), exc_info=error)


points.failed.subscribe(log_failure)


class AdminEmailHandler(log.AdminEmailHandler):
    """Mail the first of those that fail alike; the next e-mail, five minutes later or more, counts those in between.

    Alike are the same workflow, status, step and class of exception, or else the same kind of message. One thread sends them.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._told: dict[tuple[str, ...], tuple[float, int]] = {}
        self._waiting: Queue[logging.LogRecord | None] = Queue(MOST_WAITING)
        self._sender: threading.Thread | None = None
        atexit.register(self._say_goodbye)

    def emit(self, record: logging.LogRecord) -> None:
        """Mail the record, or count it."""
        kind = tuple(str(getattr(record, name, "")) for name in ("workflow_name", "workflow_status", "step", "error_type"))
        kind = kind if any(kind) else (str(record.msg), str(record.exc_info and record.exc_info[0]))
        now = time.monotonic()
        told_at, since = self._told.get(kind, (float("-inf"), 0))
        record.unmailed = since
        try:
            if now - told_at < PAUSE:
                raise Full
            self._waiting.put_nowait(record)
        except Full:
            self._told[kind] = told_at, since + 1
            return
        self._told[kind] = now, 0
        if self._sender is None or not self._sender.is_alive():
            self._sender = threading.Thread(target=self._send, name="pgworkflows-admins", daemon=True)
            self._sender.start()

    def _send(self) -> None:
        while (record := self._waiting.get()) is not None:
            try:
                super().emit(record)
            except Exception:
                self.handleError(record)
            finally:
                connections.close_all()  # the report shows local variables, which may be querysets

    def format(self, record: logging.LogRecord) -> str:
        """Return the e-mail's text, what the traceback below it does not tell included."""
        lines = [super().format(record), ""]
        lines += [f"{name}: {getattr(record, name)}" for name in DETAILS if getattr(record, name, None) not in (None, "")]
        if getattr(record, "unmailed", 0):
            lines += ["", f"Since the last e-mail like this, {record.unmailed} more failed alike in this process."]  # type: ignore[attr-defined] # set by emit
        return "\n".join([*lines, "", getattr(record, "recorded_traceback", "")])

    def _say_goodbye(self) -> None:
        if self._sender is not None and self._sender.is_alive():
            until = time.monotonic() + LONGEST_GOODBYE
            with suppress(Full):
                self._waiting.put(None, timeout=LONGEST_GOODBYE)
            self._sender.join(max(0.0, until - time.monotonic()))


def reach_admins() -> None:
    """Mail ADMINS where Django's own logger does so, unless LOGGING says what becomes of ours."""
    ours, root = logger, logging.getLogger()
    django_mails = any(isinstance(handler, log.AdminEmailHandler) for handler in logging.getLogger("django").handlers)
    if ours.handlers or not django_mails or any(isinstance(handler, log.AdminEmailHandler) for handler in root.handlers):
        return
    handler = AdminEmailHandler()
    handler.setLevel(logging.ERROR)
    handler.addFilter(log.RequireDebugFalse())
    ours.addHandler(handler)
    if not root.handlers and logging.lastResort is not None:  # which Python asks where there is no handler at all
        ours.addHandler(logging.lastResort)
