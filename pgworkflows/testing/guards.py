"""Lifting, by DDL and in test databases only, the guards that would refuse Django's flush."""

from __future__ import annotations

from django.db import connections
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.test import utils

from .. import sql

# TransactionTestCase truncates every table, and serialized_rollback inserts what was there before.
LIFT = "ALTER TABLE pgworkflows_{} DISABLE TRIGGER {}"


def lift_in_test_database(alias: str) -> None:
    """Lift the guards if Django's test runner has made this database; elsewhere do nothing."""
    if not hasattr(utils._TestState, "saved_data"):
        return
    settings = connections[alias].settings_dict
    if settings["NAME"] == settings["TEST"]["NAME"] or settings["NAME"].startswith(TEST_DATABASE_PREFIX):
        with connections[alias].cursor() as cursor:
            for name in sql.table_names():
                cursor.execute(LIFT.format(name, f"{name}_no_truncate"))
            cursor.execute(LIFT.format("history", "history_only_by_trigger"))
