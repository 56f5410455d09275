"""The crowded database, loaded once a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from tests.explain import crowd
from tests.workers import conninfo


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    """Let Django's connection be one to another database."""
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


@pytest.fixture(scope="session")
def crowded_database(may_stop_triggers: None, django_db_blocker) -> Iterator[tuple[str, dict[str, int]]]:
    """Make a database and load the crowd; give its name, and where each kind of workflow begins."""
    name = f"crowd_{os.getpid()}"
    with django_db_blocker.unblock():
        on_server(f"CREATE DATABASE {name}")
        with connected_to(name):
            call_command("migrate", verbosity=0)
            first = crowd.load()
    yield name, first
    with django_db_blocker.unblock():
        on_server(f"DROP DATABASE {name} WITH (FORCE)")


def on_server(statement: str) -> None:
    """Run a statement outside of any of our databases."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def crowded(crowded_database: tuple[str, dict[str, int]], django_db_blocker) -> Iterator[dict[str, int]]:
    """Be in a transaction on the crowded database that is rolled back at the end."""
    name, first = crowded_database
    with django_db_blocker.unblock(), connected_to(name), transaction.atomic():
        yield first
        transaction.set_rollback(True)


@pytest.fixture
def other_session(crowded: dict[str, int]) -> Iterator[psycopg.Connection]:
    """Be somebody else on the crowded database, in an open transaction."""
    with psycopg.connect(conninfo()) as connection:
        yield connection
        connection.rollback()
