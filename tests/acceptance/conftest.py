"""Projects of their own, for tests whose processes commit."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.dropping import drop_database


@pytest.fixture
def separate_project(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Make an empty database and a folder for the demo's state; return the environment that names both."""
    server, name = os.environ["DATABASE_URL"], f"acceptance_{uuid.uuid4().hex[:12]}"
    maintenance = make_conninfo(server, dbname="postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield {
        "DATABASE_URL": make_conninfo(server, dbname=name),
        "DEMO_SHOP_STATE": str(tmp_path / "state of the demo"),
        "DJANGO_SETTINGS_MODULE": "demo_shop.settings",
    }
    with psycopg.connect(maintenance, autocommit=True) as connection:
        drop_database(connection, name)
