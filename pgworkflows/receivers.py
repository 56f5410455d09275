"""What this library does when Django tells something: definitions after migrate, and what statements go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from .conf import conf
from .store.actors import sign
from .store.connection import tell_what_is_missing

if TYPE_CHECKING:
    from django.db.migrations import Migration


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
    from .store.schedules.declared import write_declared
    from .testing import guards

    if not query("SELECT to_regclass('pgworkflows_workflowdefinition') IS NOT NULL")[0][0]:
        return
    installed = sql.served(database()) is not None
    if installed:  # a test database may be made without our migrations
        sql.follow_people(database())
        guards.lift_in_test_database(using)
    for workflow in registry.workflows.values():
        write_definition(workflow)
    if installed:
        write_declared()


@receiver(connection_created, dispatch_uid="pgworkflows.wrap")
def wrap_statements(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let the triggers of StartWorkflowOn know who acts, and whoever comes before `migrate` what is missing."""
    if connection.alias == conf().DATABASE:
        wrappers = connection.execute_wrappers
        wrappers += [ours for ours in (sign, tell_what_is_missing) if ours not in wrappers]
