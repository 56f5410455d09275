"""The one PostgreSQL server of a run, its own with default durability or one that runs already, and its databases."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from demo_shop.postgres import EmbeddedPostgres

DATABASE = "bench"
TEMPLATE = "bench_template"
# Sizes that any server gets. fsync, synchronous_commit, full_page_writes and autovacuum stay as they come: on.
OPTIONS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}
SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")


OWNER = "pgworkflows_benchmarks"
# To write out what was loaded, and to copy history by the million.
RIGHTS = "GRANT pg_checkpoint TO {owner}; GRANT SET ON PARAMETER session_replication_role TO {owner}"


@dataclass(frozen=True, slots=True)
class RunningPostgres:
    """A server that somebody else has started, by its superuser's address; databases belong to an ordinary role, as elsewhere."""

    superuser: str
    password: str

    @classmethod
    @contextlib.contextmanager
    def at(cls, superuser: str) -> Iterator[RunningPostgres]:
        """Make that role, and drop it with all its databases in the end."""
        server = cls(superuser, secrets.token_hex(16))
        owner = sql.Identifier(OWNER)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(owner, sql.Literal(server.password)))
            try:
                yield server
            finally:
                for (name,) in connection.execute(
                    "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", (OWNER,)
                ).fetchall():
                    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
                connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(owner))

    def url(self, dbname: str = "postgres") -> str:
        """Return the address of one database for the role that owns it."""
        server = urlsplit(self.superuser)
        return f"postgresql://{OWNER}:{self.password}@{server.hostname}:{server.port or 5432}/{dbname}"

    def superuser_url(self) -> str:
        """Return the address for the superuser."""
        return self.superuser

    def create_database(self, name: str) -> None:
        """Create a database."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def binary(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs, as it is installed here."""
        return Path(shutil.which(name) or name)


@dataclass(frozen=True, slots=True)
class Server:
    """Makes a new database for every measurement, so that each begins alike."""

    postgres: EmbeddedPostgres | RunningPostgres

    @property
    def url(self) -> str:
        """The address of the project's database."""
        return self.postgres.url(DATABASE)

    def settings(self) -> dict[str, str]:
        """Return the server's settings that matter for the figures."""
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            return {name: _one(connection, f"SHOW {name}") for name in SHOWN}

    def fresh(self) -> None:
        """Replace the project's database by a new one with empty tables."""
        from django.db import connections

        connections.close_all()
        self._create(DATABASE, TEMPLATE)

    def fresh_for(self, name: str) -> str:
        """Make an empty database for a peer or a limit; return its address."""
        self._create(name, "template1")
        return self.postgres.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str) -> None:
        self.drop(name)
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(make)

    def put_aside(self, name: str) -> None:
        """Keep the project's database under another name."""
        self.drop(name)
        self._rename(DATABASE, name)

    def take_back(self, name: str) -> bool:
        """Make what was put aside the project's database again; return False where nothing was."""
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            kept = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if kept is None:
            return False
        self.drop(DATABASE)
        self._rename(name, DATABASE)
        return True

    def _rename(self, old: str, new: str) -> None:
        """Rename a database, once nobody of ours is connected to it."""
        from django.db import connections

        connections.close_all()
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(rename)

    def make_template(self) -> None:
        """Migrate once; every later database is a copy."""
        from django.core.management import call_command

        self.postgres.create_database(DATABASE)
        call_command("migrate", run_syncdb=True, verbosity=0)
        self._rename(DATABASE, TEMPLATE)
        self.fresh()


def settle(url: str) -> None:
    """Write out what loading left behind and let the planner know it, before workers start."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _one(connection: psycopg.Connection[Any], statement: str) -> str:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return str(row[0])


@contextlib.contextmanager
def running_server(superuser: str | None = None) -> Iterator[Server]:
    """Start the server, or use the one at a superuser's address; set Django up on it, and leave nothing behind."""
    with EmbeddedPostgres.temporary(options=OPTIONS) if superuser is None else RunningPostgres.at(superuser) as postgres:
        server = Server(postgres)
        with psycopg.connect(postgres.superuser_url(), autocommit=True) as connection:
            owner = psycopg.conninfo.conninfo_to_dict(server.url)["user"]
            connection.execute(sql.SQL(RIGHTS).format(owner=sql.Identifier(str(owner))))
        os.environ["BENCHMARK_DATABASE_URL"] = server.url
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        import django

        django.setup()
        server.make_template()
        yield server
