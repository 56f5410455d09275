"""Workers of the recorded release, whose code comes from its commit, on the tables and functions of this one."""

import os
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from tests.scratch import ROOT, created

pytestmark = pytest.mark.direct

DUMP = Path(__file__).with_name("database.sql")
HISTORY = os.environ.get("RELEASE_HISTORY", str(ROOT))
START = "SELECT pgworkflows.start('upgrade.{which}', '{{}}', key => 'load {number}')"
UNFINISHED = "SELECT key, status FROM pgworkflows_workflow WHERE key LIKE 'load %' AND finished_at IS NULL"
EFFECTS = "SELECT name FROM upgrade_effect WHERE name LIKE 'load %'"
# As a migration of a release later than the next would do it.
LATER = """
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pgworkflows'::regnamespace AND proname = '{old}' LOOP
    EXECUTE format('ALTER FUNCTION %s RENAME TO {new}', f);
  END LOOP;
END $$;
"""
MIGRATED = "INSERT INTO django_migrations (app, name, applied) VALUES ('pgworkflows', '9999_later', now())"


def git(*arguments, **options):
    return subprocess.run(["git", "-C", HISTORY, *arguments], check=True, capture_output=True, **options).stdout


@pytest.fixture
def release(tmp_path):
    """Give the code that recorded the database."""
    try:
        commit = git("log", "-1", "--format=%H", "--", "tests/upgrade/database.sql", text=True).strip()
        recorded = commit and git("show", f"{commit}:tests/upgrade/database.sql", text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"The recorded release's code is not at hand, for want of the git history: {error}")
    if recorded != DUMP.read_text(encoding="utf-8"):
        pytest.skip("The database was recorded anew, and its code is not committed yet.")
    subprocess.run(["tar", "-x", "-C", tmp_path], input=git("archive", commit, "pgworkflows", "demo_shop", "tests"), check=True)
    return tmp_path


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture
def rolling(release):
    """Give the recorded database, with a worker of its release at work."""
    with created("rolling", "tests.upgrade.settings") as made:
        made.execute(DUMP.read_text(encoding="utf-8"))
        environment = os.environ | {
            "DATABASE_URL": made.address, "DJANGO_SETTINGS_MODULE": made.settings, "PYTHONPATH": str(release)
        }  # fmt: skip
        place = [sys.executable, "-c", "import pgworkflows; print(pgworkflows.__file__)"]
        assert str(release) in subprocess.check_output(place, cwd=release, env=environment, text=True)
        command = [sys.executable, "-m", "django", "runworkflows"]
        made.worker = subprocess.Popen(command, cwd=release, env=environment, stdout=subprocess.PIPE, text=True)
        yield made
        made.worker.kill()
        made.worker.communicate()


def test_workers_of_the_release_go_on_while_the_next_is_installed_and_end_at_what_they_cannot_use(rolling):
    def start():
        for which in ["sleeps", "undoes"] * 5:
            rolling.execute(START.format(which=which, number=next(numbers)))

    numbers = count()
    start()
    until(lambda: rolling.execute(EFFECTS), "the worker has not begun")
    rolling.manage("migrate", "--verbosity", "0")
    installing = rolling.manage("sqlmigrate", "pgworkflows", "0002")  # until 0.1.0 it is rewritten in place
    start()
    rolling.execute(installing)
    start()
    until(lambda: not rolling.execute(UNFINISHED), "not all have ended")
    assert len(rolling.execute(EFFECTS)) == len(set(rolling.execute(EFFECTS))) == 30
    assert rolling.worker.poll() is None

    rolling.execute(MIGRATED)
    rolling.execute(LATER.format(old="claim", new="claimed_later"))
    rolling.execute(START.format(which="sleeps", number="the last"))
    said, _ = rolling.worker.communicate(timeout=60)
    assert "The database has pgworkflows 9999_later, which this code does not know" in said
    assert rolling.worker.returncode == 0
    assert rolling.execute(UNFINISHED) == [("load the last", "PENDING")]

    rolling.execute(LATER.format(old="claimed_later", new="claim"))
    rolling.manage("runworkflows", "--drain")
    assert rolling.execute(UNFINISHED) == [("load the last", "WAITING")]
