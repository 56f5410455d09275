"""Checks of the database, and of the distributions beside us."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import Error as DatabaseError
from django.db import NotSupportedError, connections, router

from ..conf import conf
from .sessions import check_sessions

OLDEST_SERVER = 150000
#: What a worker process has open at least, and what psycopg_pool opens where nothing is said.
LEAST_CONNECTIONS, POOL_BY_DEFAULT = 3, 4
READ_COMMITTED = 2  # psycopg.IsolationLevel.READ_COMMITTED, and what psycopg 2 calls it


def _installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def check_distributions() -> list[CheckMessage]:
    """Report the distribution that fights with ours for the module `django_fsm`."""
    if not _installed("django-fsm"):
        return []
    return [
        Error(
            "The distribution django-fsm is installed: it overwrites the module of django-fsm-2.",
            hint="Run `pip uninstall django-fsm`, then `pip install --force-reinstall django-fsm-2`.",
            id="pgworkflows.E004",
        )
    ]


def check_alias() -> list[CheckMessage]:
    """Report what DATABASES says that cannot work."""
    alias = conf().DATABASE
    if alias not in connections:
        known = ", ".join(sorted(connections))
        return [
            Error(
                f"PGWORKFLOWS['DATABASE'] is {alias!r}, which DATABASES does not have.",
                hint=f"Use one of its aliases: {known}.",
                id="pgworkflows.E005",
            )
        ]
    if connections[alias].vendor != "postgresql":
        return [
            Error(
                f"The database {alias!r} is {connections[alias].display_name}, not PostgreSQL.",
                hint="Name a PostgreSQL database in PGWORKFLOWS['DATABASE'].",
                id="pgworkflows.E006",
            )
        ]
    options = connections[alias].settings_dict["OPTIONS"]
    return [*_check_driver(), *_check_isolation(alias, options), *_check_pool(alias, options), *_check_routers(alias)]


def _check_pool(alias: str, options: dict[str, Any]) -> list[CheckMessage]:
    """Report a pool that has too few connections for one worker process."""
    pool = options.get("pool")
    if not pool:
        return []
    given = pool if isinstance(pool, dict) else {}
    largest = given.get("max_size") or given.get("min_size", POOL_BY_DEFAULT)
    if largest >= LEAST_CONNECTIONS:
        return []
    return [
        Error(
            f"The pool of database {alias!r} has {largest} connections at most, and a worker process needs {LEAST_CONNECTIONS}: "
            "one for batches, one for its signs of life, and one for outside steps, more where several of them query at a time.",
            hint=f"Set max_size to {LEAST_CONNECTIONS} or more, or leave the pool out of OPTIONS.",
            id="pgworkflows.E018",
        )
    ]


def _check_routers(alias: str) -> list[CheckMessage]:
    """Report a router that keeps our tables out of the database that is to hold them."""
    if router.allow_migrate(alias, "pgworkflows"):
        return []
    return [
        Error(
            f"A router of DATABASE_ROUTERS does not let `migrate` make the tables of pgworkflows in database {alias!r}.",
            hint=f"Let its allow_migrate() return True or None for app_label 'pgworkflows' and {alias!r}.",
            id="pgworkflows.E019",
        )
    ]


def _is_psycopg3() -> bool:
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)


def _check_driver() -> list[CheckMessage]:
    if _is_psycopg3():
        return []
    hint = 'Install psycopg 3: `pip install "psycopg[binary]>=3.2"`.'
    return [Error("Django uses psycopg 2.", hint=hint, id="pgworkflows.E007")]


def _check_isolation(alias: str, options: dict[str, Any]) -> list[CheckMessage]:
    level = options.get("isolation_level")
    by_server = "default_transaction_isolation" in str(options.get("options", ""))
    if by_server and "read committed" not in str(options["options"]).replace("\\", ""):
        level = options["options"]
    elif level is None or level == READ_COMMITTED:
        return []
    return [
        Error(
            f"The database {alias!r} has the isolation level {level!r}.",
            hint="Take it out of OPTIONS: the row locks that claim workflows need READ COMMITTED, the default.",
            id="pgworkflows.E008",
        )
    ]


def check_server(databases: Sequence[str]) -> list[CheckMessage]:
    """Report a server that is too old, and sessions that cannot work; one that cannot be reached is for others to report."""
    alias = conf().DATABASE
    if alias not in databases or alias not in connections or connections[alias].vendor != "postgresql":
        return []
    try:
        version: int = connections[alias].pg_version  # type: ignore[attr-defined] # of the PostgreSQL backend
    except NotSupportedError as error:
        return [_too_old(str(error))]
    except DatabaseError:
        return []
    if version < OLDEST_SERVER:
        return [_too_old(f"it is PostgreSQL {version // 10000}")]
    try:
        return check_sessions()
    except DatabaseError:
        return []


def _too_old(reason: str) -> Error:
    return Error(
        f"The server of database {conf().DATABASE!r} is too old: {reason}.",
        hint="Use PostgreSQL 15 or newer.",
        id="pgworkflows.E009",
    )
