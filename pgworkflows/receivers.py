"""What this library does when Django or itself tells something: definitions after migrate, and the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from django.apps import AppConfig
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from . import signals
from .conf import conf
from .execution.telling import Failure
from .log import LOGGER
from .store.actors import sign
from .store.connection import tell_what_is_missing
from .values.redaction import Veil

if TYPE_CHECKING:
    from django.db.migrations import Migration

logger = logging.getLogger(LOGGER)


def before_migrate(*, using: str, plan: list[tuple[Migration, bool]], **_: object) -> None:
    """Let the operations that install SQL know which of them comes last."""
    from .sql.installing import plans

    plans[using] = plan


def after_migrate(*, sender: AppConfig, using: str, **_: object) -> None:
    """Write the definitions, so that SQL can start what no worker has run yet, and follow a change of the user model."""
    from . import sql
    from .sql.installing import plans

    plans.pop(using, None)
    if using != conf().DATABASE:
        return
    from .definitions.registry import registry
    from .store.connection import database, query
    from .store.definitions import write_definition
    from .testing import guards

    if not query("SELECT to_regclass('pgworkflows_workflowdefinition') IS NOT NULL")[0][0]:
        return
    if sql.served(database()) is not None:  # a test database may be made without our migrations
        sql.follow_people(database())
        guards.lift_in_test_database(using)
    for workflow in registry.workflows.values():
        write_definition(workflow)


@receiver(connection_created, dispatch_uid="pgworkflows.wrap")
def wrap_statements(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let the triggers of StartWorkflowOn know who acts, and whoever comes before `migrate` what is missing."""
    if connection.alias == conf().DATABASE:
        wrappers = connection.execute_wrappers
        wrappers += [ours for ours in (sign, tell_what_is_missing) if ours not in wrappers]


@receiver(signals.workflow_changed, dispatch_uid="pgworkflows.log.workflow")
def log_workflow(
    *, workflow: UUID, name: str, from_status: str, to_status: str, error: str, veil: Veil, failure: Failure | None = None,
    **_: Any,
) -> None:  # fmt: skip
    """Log a change of status; as an error, with the exception, where a person has to hear of it."""
    level = logging.DEBUG
    details: dict[str, Any] = {"workflow_id": str(workflow), "workflow_name": name, "workflow_status": to_status}
    if failure is not None:
        level = logging.INFO if failure.expected else logging.ERROR
        details |= {
            "workflow_version": failure.version, "workflow_key": failure.key, "queue": failure.queue, "step": failure.step,
            "attempts": failure.attempts, "error_type": failure.error_type, "recorded_traceback": veil.text(failure.traceback),
        }  # fmt: skip
    # Whatever formats an exception shows all that it says.
    shown = failure.exception if failure is not None and level == logging.ERROR and not veil.hides(failure.exception) else None
    logger.log(
        level, "%s %s: %s -> %s%s", name, workflow, from_status, to_status, f": {veil.text(error)}" if error else "",
        exc_info=shown, extra=details,
    )  # fmt: skip


@receiver(signals.step_failed, dispatch_uid="pgworkflows.log.step")
def log_step(*, workflow: UUID, name: str, step: str, attempt: int, error: str, final: bool, veil: Veil, **_: Any) -> None:
    """Log a failed attempt."""
    ending = "for good" if final else "and will be tried again"
    logger.info("%s %s: %s failed %s (attempt %d): %s", name, workflow, step, ending, attempt, veil.text(error))


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


@receiver(signals.neighbour_failed, dispatch_uid="pgworkflows.log.neighbour")
def log_neighbour(*, what: str, error: BaseException, **_: Any) -> None:
    """Log what failed in a place where nothing may be raised; a lost connection in one line."""
    if isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError):
        logger.warning("%s: %s; trying again", what, " ".join(str(error).split()) or type(error).__name__)
        return
    veil = Veil()
    if veil.hides(error):
        logger.error("%s failed: %s: %s", veil.text(what), type(error).__name__, veil.text(str(error)))
    else:
        logger.error("%s failed", veil.text(what), exc_info=error)
