"""Starting clean: the demo's own database, ledgers, mails and logs go."""

import os
import shutil
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from demo_shop.database import DATABASE_NAME
from demo_shop.postgres import EmbeddedPostgres, default_data_dir


class NotOurDatabase(Exception):
    """The shop runs on a database that is not the demo's own; it is not for the demo to delete it."""

    def __init__(self) -> None:
        super().__init__(
            "DATABASE_URL names a database of yours, which --reset does not touch. "
            "Drop and create it yourself, or unset DATABASE_URL to use the embedded server."
        )


def reset() -> None:
    """Delete what earlier runs left. Raises NotOurDatabase, with nothing deleted."""
    server = EmbeddedPostgres(default_data_dir())
    if os.environ.get("DATABASE_URL") != server.url(DATABASE_NAME):
        raise NotOurDatabase
    connections.close_all()
    name = sql.Identifier(DATABASE_NAME)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        # FORCE ends the sessions of an earlier demo's processes, should any still run.
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    server.create_database(DATABASE_NAME)
    state = Path(settings.STATE_DIR)
    for ledger in state.glob("card-processor-*.sqlite3*"):
        ledger.unlink(missing_ok=True)
    for folder in ("mail", "logs"):
        shutil.rmtree(state / folder, ignore_errors=True)
