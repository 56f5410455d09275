"""A database as production has it: made by `migrate` alone, outside the test database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from tests.dropping import drop_database

ROOT = Path(__file__).resolve().parents[1]


class Scratch:
    """A database of its own, under the demo's settings."""

    def __init__(self, server: str, name: str, settings: str) -> None:
        self.server, self.settings, self.address, self.root = server, settings, make_conninfo(server, dbname=name), ROOT

    def login(self, role: str) -> "Scratch":
        """Return the same database as this role sees it."""
        made = Scratch(self.server, "", self.settings)
        made.address = make_conninfo(self.address, user=role, password=role)
        return made

    def within(self, search_path: str) -> "Scratch":
        """Return the same database as sessions see it that look for tables there."""
        made = Scratch(self.server, "", self.settings)
        made.address = make_conninfo(self.address, options=f"-c search_path={search_path}")
        return made

    def beside(self, root: Path) -> "Scratch":
        """Return the same database as the code in another folder sees it."""
        made = Scratch(self.server, "", self.settings)
        made.address, made.root = self.address, root
        return made

    def manage(self, *arguments: str) -> str:
        return self.run("-m", "django", *arguments)

    def run(self, *arguments: str) -> str:
        environment = os.environ | {"DATABASE_URL": self.address, "DJANGO_SETTINGS_MODULE": self.settings}
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-W", "error", *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def execute(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def ours(self) -> set[str]:
        """List the relations and functions that carry our name."""
        relations = "SELECT relname FROM pg_class WHERE relname LIKE 'pgworkflows%'"
        functions = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'pgworkflows'"
        return {name for (name,) in self.execute(f"{relations} UNION ALL {functions}")}


@contextmanager
def created(name: str, settings: str) -> Iterator[Scratch]:
    """Give a database that holds nothing yet."""
    name = f"{name}_{os.getpid()}"  # pytest-xdist may run this module in two processes
    server = make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield Scratch(server, name, settings)
        finally:
            drop_database(connection, name)


@contextmanager
def database(name: str, settings: str, *migrated: str) -> Iterator[Scratch]:
    """Give a database that `migrate` has made."""
    with created(name, settings) as made:
        made.manage("migrate", "--verbosity", "0", *migrated)
        yield made
