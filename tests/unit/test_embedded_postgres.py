"""The embedded server: real ones, each in a folder of its own."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from demo_shop.database import database_settings
from demo_shop.postgres import EmbeddedPostgres, EmbeddedPostgresError
from demo_shop.postgres.install import require_plain
from demo_shop.postgres.process import Postmaster
from demo_shop.state import CHECKOUT, make_folder

FAST = {"fsync": "off", "shared_buffers": "16MB"}
START = """
import sys
from pathlib import Path
from demo_shop.postgres import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1]), options={"fsync": "off", "shared_buffers": "16MB"}).start().url())
"""
HOLD = """
import time
from demo_shop.postgres import EmbeddedPostgres
with EmbeddedPostgres.temporary(options={"fsync": "off", "shared_buffers": "16MB"}) as server:
    print(server.data_dir, flush=True)
    time.sleep(600)
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the account of root's server can enter, unlike pytest's own."""
    area = Path(tempfile.mkdtemp(prefix="pgworkflows-"))
    area.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield area
    for lock in area.rglob("*.lock"):
        with contextlib.suppress(EmbeddedPostgresError):
            EmbeddedPostgres(lock.with_suffix("")).destroy()
    shutil.rmtree(area)


@pytest.fixture
def server(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "data", options=FAST).start()


def ask(server: EmbeddedPostgres, query: LiteralString, dbname: str = "postgres") -> str:
    with psycopg.connect(server.url(dbname), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def python(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


def kill(server: EmbeddedPostgres) -> int:
    postmaster = Postmaster.of(server.data_dir)
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGKILL)
    return postmaster.pid


def wait_until_gone(path: Path) -> None:
    deadline = time.monotonic() + 20
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not path.exists()


@pytest.mark.parametrize("version", [16, 18])
def test_both_versions_serve(folder: Path, version: int) -> None:
    server = EmbeddedPostgres(folder / "data", version=version, options=FAST).start()
    assert ask(server, "SHOW server_version").startswith(f"{version}.")


def test_awkward_and_long_folder_serves(folder: Path) -> None:
    deep = make_deep(folder / "it's a shop; really", 130)
    with EmbeddedPostgres(deep / "data", options=FAST) as server:
        assert ask(server, "SELECT 1") == "1"
        assert server.is_running()
    assert not server.is_running()


def make_deep(folder: Path, length: int) -> Path:
    while len(os.fsencode(folder)) < length:
        folder /= "a long way down"
    make_folder(folder)
    return folder


def test_durable_unless_told_otherwise(folder: Path) -> None:
    with EmbeddedPostgres(folder / "data") as server:
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW synchronous_commit") == "on"
        assert ask(server, "SHOW max_connections") == "200"
        assert ask(server, "SHOW server_encoding") == "UTF8"


def test_options_reach_the_server(folder: Path) -> None:
    options = {**FAST, "application_name": "two words, it's", "max_connections": "33"}
    with EmbeddedPostgres(folder / "data", options=options) as server:
        assert ask(server, "SHOW max_connections") == "33"
        assert ask(server, "SELECT reset_val FROM pg_settings WHERE name = 'application_name'") == "two words, it's"


def test_another_process_finds_it(server: EmbeddedPostgres) -> None:
    found, _ = python(START, server.data_dir).communicate(timeout=60)
    assert found.strip() == server.url()


def test_two_starts_at_once_make_one(folder: Path) -> None:
    starts = [python(START, folder / "data") for _ in range(3)]
    addresses = {start.communicate(timeout=120)[0].strip() for start in starts}
    assert addresses == {EmbeddedPostgres(folder / "data").url()}


def test_killed_server_starts_with_its_data(server: EmbeddedPostgres) -> None:
    server.create_database("shop")
    with psycopg.connect(server.url("shop"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        kill(server)
        server.start()
    assert ask(server, "SELECT seven FROM kept", "shop") == "7"


def test_reused_process_number_is_no_server(server: EmbeddedPostgres) -> None:
    killed = kill(server)
    pid_file = server.data_dir / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(killed), str(os.getpid()), 1))
    assert not server.is_running()
    assert ask(server.start(), "SELECT 1") == "1"


def test_unfinished_cluster_is_made_again(folder: Path) -> None:
    half = folder / "data.unfinished-abc"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    EmbeddedPostgres(folder / "data", options=FAST).start()
    assert not half.exists()


def test_restart_keeps_the_address(server: EmbeddedPostgres) -> None:
    before = server.url()
    assert server.restart().url() == before
    assert server.restart("immediate").url() == before


def test_taken_port_moves_it(server: EmbeddedPostgres) -> None:
    server.stop()
    with socket.create_server(("127.0.0.1", server.port or 0)) as thief:
        server.start()
        assert server.port != thief.getsockname()[1]
        assert ask(server, "SELECT 1") == "1"


def test_stop_and_destroy_twice(server: EmbeddedPostgres) -> None:
    server.stop()
    server.stop()
    server.destroy()
    server.destroy()
    assert not server.data_dir.exists()


def test_nobody_enters_without_the_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", dbname="postgres", passfile="/dev/null")
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data_dir / "embedded.password").stat().st_mode) == 0o600


def test_owner_of_its_databases_is_an_ordinary_role(server: EmbeddedPostgres) -> None:
    server.create_database("shop")
    assert ask(server, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'") == "owner"
    rights = "SELECT rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert ask(server, rights, "shop") == "False"


def test_database_is_made_once(server: EmbeddedPostgres) -> None:
    server.create_database('my "shop"')
    server.create_database('my "shop"')
    with psycopg.connect(server.url('my "shop"')) as connection:
        assert connection.info.dbname == 'my "shop"'


def test_programs_of_the_wheel_run(server: EmbeddedPostgres) -> None:
    said = subprocess.check_output([server.binary("psql"), server.url(), "-Atc", "SELECT 40 + 2"], text=True)
    assert said == "42\n"


def test_settings_and_address_agree(server: EmbeddedPostgres) -> None:
    assert database_settings(server.url("shop")) == {**server.settings("shop"), "OPTIONS": {}}


def test_address_may_carry_options() -> None:
    settings = database_settings("postgresql://me:p%40ss@db.example:6432/shop?sslmode=require")
    assert settings["PASSWORD"] == "p@ss"
    assert settings["PORT"] == "6432"
    assert settings["OPTIONS"] == {"sslmode": "require"}


def test_temporary_goes_at_the_end() -> None:
    with EmbeddedPostgres.temporary(options=FAST) as server:
        assert server.is_running()
    assert not server.data_dir.parent.exists()


def test_temporary_goes_with_its_killed_owner() -> None:
    owner = python(HOLD)
    assert owner.stdout is not None
    data_dir = Path(owner.stdout.readline().strip())
    assert EmbeddedPostgres(data_dir).is_running()
    owner.kill()
    owner.communicate()
    wait_until_gone(data_dir.parent)


def test_other_version_is_refused(folder: Path) -> None:
    EmbeddedPostgres(folder / "data", version=16, options=FAST).start().stop()
    with pytest.raises(EmbeddedPostgresError, match=r"was made by PostgreSQL 16, and this is 18\. Choose another"):
        EmbeddedPostgres(folder / "data", version=18).start()


def test_unknown_version_is_refused(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"No embedded PostgreSQL 9\. There are \[16, 18\]"):
        EmbeddedPostgres(folder / "data", version=9).start()


def test_unknown_option_shows_its_words(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "fsink"'):
        EmbeddedPostgres(folder / "data", options={**FAST, "fsink": "off"}).start()


def test_foreign_files_are_not_overwritten(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "thesis.txt").write_text("ten years")
    with pytest.raises(EmbeddedPostgresError, match="holds something else than a cluster"):
        EmbeddedPostgres(folder / "data").start()
    assert (folder / "data" / "thesis.txt").read_text() == "ten years"


def test_quotes_around_the_programs_are_named() -> None:
    with pytest.raises(EmbeddedPostgresError, match="a folder there is named with one of"):
        require_plain(Path("/home/me/$HOME/.venv/lib"))


@only_root
def test_closed_home_is_named(folder: Path) -> None:
    folder.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match=f"which cannot enter {folder}. Choose a folder outside"):
        EmbeddedPostgres(folder / "data").start()


@only_root
def test_server_of_root_is_not_root(server: EmbeddedPostgres) -> None:
    postmaster = Postmaster.of(server.data_dir)
    assert postmaster is not None
    assert Path(f"/proc/{postmaster.pid}").stat().st_uid != 0
