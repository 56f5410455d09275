"""The PostgreSQL servers of a run: one is set up, stopped and kept; each proof gets a copy of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from demo_shop.postgres import EmbeddedPostgres
from demo_shop.postgres.process import outlive

from .programs import ACCOUNTS

DATABASE = "proofs"
NO_OPTIONS: Mapping[str, str] = {}
# Durability stays as it comes: fsync, synchronous_commit and full_page_writes are on.
OPTIONS = {"shared_buffers": "128MB", "log_lock_waits": "off"}
PREPARE = """
INSERT INTO proofs_account (id, units) SELECT n, 0 FROM generate_series(0, %s) n;
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
SELECT name, '', '', '', '', false, false, true, now() FROM unnest(ARRAY['ann', 'bob']) name;
"""


@dataclass(frozen=True, slots=True)
class Servers:
    """Makes the servers of a run, in one folder that is gone afterwards."""

    folder: Path
    _kept: EmbeddedPostgres

    @contextlib.contextmanager
    def server(
        self, name: str, options: Mapping[str, str] = NO_OPTIONS, data_dir: Path | None = None
    ) -> Iterator[EmbeddedPostgres]:
        """Run a copy of the prepared server for one proof; `data_dir` may be a place that is there already."""
        made = EmbeddedPostgres(data_dir or self.folder / name, options={**OPTIONS, **options})
        copy(self._kept.data_dir, made.data_dir)
        with running(made, destroy=data_dir is None):
            yield made


@contextlib.contextmanager
def running(server: EmbeddedPostgres, *, destroy: bool = True) -> Iterator[EmbeddedPostgres]:
    """Run a server; it ends with this process, even when that is killed."""
    guard = outlive(server.data_dir / "postmaster.pid", server.data_dir)
    try:
        yield server.start()
    finally:
        server.stop("immediate")
        if destroy:
            server.destroy()
        guard.communicate()


def copy(source: Path, target: Path) -> None:
    """Copy the data folder of a stopped server, owner included; the port is chosen anew."""
    target.mkdir(mode=0o700, exist_ok=True)
    found = source.stat()
    for path in [source, *source.rglob("*")]:
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(mode=0o700, exist_ok=True)
        elif path.name not in ("embedded.port", "embedded.log", "postmaster.pid"):
            shutil.copy(path, place)
        else:
            continue
        if os.geteuid() == 0:
            os.chown(place, found.st_uid, found.st_gid)


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Prepare a server with all tables, set Django up on it, and delete everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pgworkflows-proofs-")).resolve()
    if os.geteuid() == 0:
        folder.chmod(0o711)
    kept = EmbeddedPostgres(folder / "prepared", options=OPTIONS)
    try:
        with kept:
            _prepare(kept)
        yield Servers(folder, kept)
    finally:
        kept.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: EmbeddedPostgres) -> None:
    server.create_database(DATABASE)
    ask(server.superuser_url(), "GRANT pg_checkpoint TO owner")
    os.environ["PROOFS_DATABASE_URL"] = server.url(DATABASE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "proofs.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", run_syncdb=True, verbosity=0)
    connections.close_all()
    with psycopg.connect(server.url(DATABASE), autocommit=True) as session:
        session.execute(psycopg.sql.SQL(PREPARE.replace("%s", str(ACCOUNTS - 1))))


def use(url: str) -> None:
    """Point this process's Django at another database."""
    from django.db import connections

    from demo_shop.database import database_settings

    connections.close_all()
    for alias in connections:
        connections[alias].settings_dict.update(database_settings(url))


def ask(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement on a session of its own."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as session:
        cursor = session.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []
