"""The database seen from outside Django: psql, and connections of one's own."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection, transaction

from demo_shop.postgres.install import wheel_install
from pgworkflows.models import History


def address() -> dict[str, str]:
    given = connection.settings_dict
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return {libpq: str(given[django]) for libpq, django in named.items() if given[django]}


PSQL = wheel_install(int(os.environ.get("POSTGRES_VERSION", "18"))) / "bin" / "psql"


@pytest.fixture
def psql(transactional_db) -> Callable[..., str]:
    """Type statements into psql, each its own transaction; return what it prints, raise what it complains of."""

    def run(*statements: str, dbname: str | None = None) -> str:
        conninfo = psycopg.conninfo.make_conninfo(**address() | ({"dbname": dbname} if dbname else {}))
        typed = [part for statement in statements for part in ("-c", statement)]
        command = [PSQL, conninfo, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", *typed]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    return run


@pytest.fixture
def connect(transactional_db) -> Iterator[Callable[[], psycopg.Connection]]:
    """Open connections beside Django's; they are closed at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(psycopg.connect(**address(), **options))


@pytest.fixture
def watch(connect) -> Callable[..., None]:
    """Return once the server's own list of sessions shows what a condition on `pg_stat_activity` asks for."""
    connection = connect(autocommit=True)

    def until(condition: str, *parameters: object) -> None:
        end = time.monotonic() + 20
        while not connection.execute(f"SELECT {condition}", parameters).fetchone()[0]:
            assert time.monotonic() < end, f"it never came to {condition}"
            time.sleep(0.005)

    return until


@pytest.fixture
def told() -> Callable[..., list[tuple[str, str, str]]]:
    """Return what the history tells of a workflow and its tasks: (event, from, to)."""

    def read(workflow, **only) -> list[tuple[str, str, str]]:
        rows = History.objects.filter(workflow=workflow.pk, **only).order_by("id")
        return list(rows.values_list("event", "from_status", "to_status"))

    return read


@pytest.fixture
def execute(db) -> Callable[..., list[tuple]]:
    """Run one statement on Django's connection, in a savepoint of its own."""

    def run(sql: str, *parameters) -> list[tuple]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    return run
