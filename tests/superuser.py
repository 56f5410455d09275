"""What an ordinary owner of a database may not do, for the tests that are about it.

They are skipped on a server whose superuser SUPERUSER_URL does not name.
"""

import contextlib
import os
from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

OWNER = str(conninfo_to_dict(os.environ["DATABASE_URL"]).get("user", ""))


@pytest.fixture(scope="session")
def superuser() -> Callable[[LiteralString], None]:
    """Run statements on the server, one process of the suite at a time."""
    url = os.environ.get("SUPERUSER_URL")
    if not url:
        pytest.skip("SUPERUSER_URL names no superuser of this server")

    def run(*statements: LiteralString) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            for statement in statements:
                with contextlib.suppress(errors.DuplicateObject):
                    connection.execute(statement)

    return run


@pytest.fixture(scope="session")
def clerk(superuser: Callable[..., None]) -> str:
    """Return the name of a role that has no rights here, and that the owner may act as."""
    superuser("CREATE ROLE clerk", f"GRANT clerk TO {OWNER}")
    return "clerk"


@pytest.fixture(scope="session")
def may_stop_triggers(superuser: Callable[..., None]) -> None:
    """Let the owner load by the hundred thousand what no trigger sees."""
    superuser(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
