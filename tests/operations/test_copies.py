"""Our tables in what administrators make of a database: restored as another owner, and replicated."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from demo_shop.postgres import EmbeddedPostgres, EmbeddedPostgresError
from tests.dropping import drop_database
from tests.scratch import Scratch, database
from tests.workers import until

pytestmark = pytest.mark.direct

HEIR = f"heir{os.getpid()}"

PREPARE = """
import django; django.setup()
from django.contrib.auth import get_user_model
from pgworkflows.models import Approval, Workflow
from pgworkflows.testing import run_workflows
from tests.ledger.workflows import asked, chain, quick, waiting
"""
BEGIN = """
get_user_model().objects.create_user("ann")
chain.start("c")
quick.start("ended")
asked.start("a")
waiting.start("w")
run_workflows()
chain.start("new")
"""
GO_ON = """
Approval.objects.get().approve("ann", comment="yes")
Workflow.objects.get(kwargs__name="w").send_event("go")
run_workflows()
"""
DEPLOYED = """
from pgworkflows.checks import check_deployment
print(*check_deployment())
"""
PROMOTE = """
from io import StringIO
from django.core.management import call_command
from django.db import connection
call_command("sqlsequencereset", "pgworkflows", "ledger", stdout=(printed := StringIO()))
connection.cursor().execute(printed.getvalue())
"""
HISTORY = "SELECT * FROM pgworkflows_history ORDER BY id"
STATUSES = "SELECT kwargs ->> 'name', status FROM pgworkflows_workflow ORDER BY 1"


@pytest.fixture(scope="module")
def original() -> Iterator[Scratch]:
    """Give a database with workflows under way."""
    with database("original", "tests.settings", "--run-syncdb") as made:
        made.run("-c", PREPARE + BEGIN)
        yield made


@pytest.fixture(scope="module")
def program(original: Scratch, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Run one of PostgreSQL's own programs, as new as the server."""
    [(number,)] = original.execute("SHOW server_version_num")
    version = int(number) // 10000
    debian = Path(f"/usr/lib/postgresql/{version}/bin")

    def path(name: str) -> str:
        if (debian / name).exists():
            return str(debian / name)
        try:
            return str(EmbeddedPostgres(tmp_path_factory.mktemp("programs") / "data", version=version).binary(name))
        except (EmbeddedPostgresError, KeyError):
            return shutil.which(name) or pytest.skip(f"there is no {name} for PostgreSQL {version}")

    def run(name: str, *arguments: str) -> None:
        done = subprocess.run([path(name), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return run


@contextmanager
def empty(original: Scratch, name: str, owner: str) -> Iterator[Scratch]:
    """Give a database that holds nothing."""
    name = f"{name}_{os.getpid()}"
    server = make_conninfo(os.environ["SUPERUSER_URL"], dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {owner}")
        try:
            yield Scratch(original.server, name, original.settings)
        finally:
            drop_database(connection, name)


@pytest.fixture(scope="module")
def heir(superuser: Callable[..., None]) -> Iterator[str]:
    """Give a role that may log in and nothing more."""
    superuser(f"CREATE ROLE {HEIR} LOGIN PASSWORD '{HEIR}'")
    yield HEIR
    superuser(f"DROP ROLE {HEIR}")


def refuses_changes(database: Scratch) -> None:
    for statement in ("DELETE FROM pgworkflows_history", "INSERT INTO pgworkflows_history (event) VALUES ('start')"):
        with pytest.raises(errors.InsufficientPrivilege, match="is refused: "):
            database.execute(statement)


def test_restored_as_another_owner_it_runs_on(original, program, heir, tmp_path):
    dump = str(tmp_path / "dump")
    program("pg_dump", "--format", "custom", "--no-owner", "--file", dump, "--dbname", original.address)
    with empty(original, "restored", heir) as made:
        restored = made.login(heir)
        program("pg_restore", "--no-owner", "--exit-on-error", "--dbname", restored.address, dump)
        assert restored.execute(HISTORY) == original.execute(HISTORY)
        assert "(pgworkflows.W002)" in (said := restored.run("-c", PREPARE + GO_ON + DEPLOYED))
        assert not {"pgworkflows.W004", "pgworkflows.W009"} & set(re.findall(r"pgworkflows\.\w\d+", said))
        ended = dict(restored.execute(STATUSES))
        assert {"a", "new", "w"} <= ended.keys()
        assert set(ended.values()) == {"COMPLETED"}
        refuses_changes(restored)


def test_restored_as_plain_sql_it_is_guarded(original, program, heir, tmp_path):
    dump = str(tmp_path / "dump")
    program("pg_dump", "--no-owner", "--file", dump, "--dbname", original.address)
    with empty(original, "restored", heir) as made:
        restored = made.login(heir)
        program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file", dump, "--dbname", restored.address)
        assert restored.execute(HISTORY) == original.execute(HISTORY)
        refuses_changes(restored)


@contextmanager
def subscribed(publisher: Scratch, subscriber: Scratch) -> Iterator[psycopg.Connection]:
    """Replicate one database of a server to another; give a superuser's session on the second."""
    name, server = f"shop_{os.getpid()}", os.environ["SUPERUSER_URL"]
    addresses = [make_conninfo(server, dbname=conninfo_to_dict(s.address)["dbname"]) for s in (publisher, subscriber)]
    with psycopg.connect(addresses[0], autocommit=True) as there, psycopg.connect(addresses[1], autocommit=True) as here:
        if there.execute("SHOW wal_level").fetchone() != ("logical",):
            pytest.skip("wal_level is not logical on this server")
        there.execute(f"CREATE PUBLICATION {name} FOR ALL TABLES")
        there.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
        try:
            # Within one server the slot has to be there before.
            here.execute(f"CREATE SUBSCRIPTION {name} CONNECTION '{addresses[0]}' PUBLICATION {name} WITH (create_slot = false)")
            yield here
        finally:
            here.execute(f"ALTER SUBSCRIPTION {name} DISABLE")
            here.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
            here.execute(f"DROP SUBSCRIPTION {name}")
            active = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
            until(lambda: there.execute(active, [name]).fetchone() == (False,), "the slot is let go")
            there.execute("SELECT pg_drop_replication_slot(%s)", [name])
            there.execute(f"DROP PUBLICATION {name}")


def test_replica_gets_all_history_and_can_take_over(original, program, superuser, tmp_path):
    dump, owner = str(tmp_path / "dump"), str(conninfo_to_dict(original.address)["user"])
    program("pg_dump", "--schema-only", "--file", dump, "--dbname", original.address)
    with empty(original, "replica", owner) as replica:
        program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file", dump, "--dbname", replica.address)
        with subscribed(original, replica) as session:
            copied = "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel"
            until(lambda: session.execute(copied).fetchone() == (True,), "the first copy has ended", 60)
            assert replica.execute(HISTORY) == original.execute(HISTORY)
            exported = tmp_path / "history.jsonl"
            original.manage("workflows", "prune", "--older-than", "0s", "--export", str(exported))
            assert {json.loads(line)["event"] for line in exported.read_text().splitlines()} >= {"start", "complete"}
            original.execute("SELECT pgworkflows.start('ledger.quick', '{\"name\": \"last\"}')")
            until(lambda: replica.execute(HISTORY) == original.execute(HISTORY), "the replica has followed")
            refuses_changes(replica)
        replica.run("-c", PREPARE + PROMOTE + GO_ON)
        assert set(replica.execute(STATUSES)) >= {("last", "COMPLETED"), ("new", "COMPLETED"), ("a", "COMPLETED")}
