"""Whether the database is of a later release than this code."""

from __future__ import annotations

import psycopg
from django.db import Error, ProgrammingError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from .connection import database


def newer_migrations(error: BaseException) -> list[str]:
    """Return what was migrated that this code does not know, where the database's error may come from that."""
    if not isinstance(error, ProgrammingError | psycopg.ProgrammingError):
        return []
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    try:
        applied = MigrationRecorder(database()).applied_migrations()
    except Error:
        return []
    return sorted(name for app, name in set(applied) - set(loader.disk_migrations) if app == "pgworkflows")
