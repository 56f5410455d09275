"""Record `database.sql`: a database of the present tables with runs under way, as plain SQL that any role can restore.

    python -m tests.upgrade.record

Until 0.1.0 it is made anew whenever tables change. From then on it stays as that release made it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.upgrade.settings"

import tests.settings  # noqa: F401 - starts a server
from demo_shop.postgres import EmbeddedPostgres
from tests.scratch import ROOT, Scratch, created

DUMP = Path(__file__).with_name("database.sql")

BEGIN = """
import django; django.setup()
from django.contrib.auth import get_user_model
from pgworkflows.testing import run_workflows
from tests.upgrade.workflows import ALL
get_user_model().objects.create_user("ann")
for name, workflow in ALL.items():
    if name != "calls":
        workflow.using(key=name).start()
run_workflows()
ALL["waits"].using(key="new").start()
ALL["calls"].using(key="calls", priority=1).start()
"""
# What an older server does not know, and what only psql does.
LEFT_OUT = re.compile(r"^(?:SET transaction_timeout|\\(?:un)?restrict).*\n", re.MULTILINE)


def record(scratch: Scratch) -> str:
    """Bring runs under way, have their worker killed, and return the database as SQL."""
    os.environ["RECORDING"] = "1"
    scratch.manage("migrate", "--run-syncdb", "--verbosity", "0")
    scratch.run("-c", BEGIN)
    worker = [sys.executable, "-m", "pgworkflows.worker", '{"name": "recorded"}']
    killed = subprocess.run(worker, cwd=ROOT, env=os.environ | {"DATABASE_URL": scratch.address}, check=False)
    assert killed.returncode == -9, killed
    program = EmbeddedPostgres(Path(os.environ["DEMO_SHOP_STATE"]) / "programs").binary("pg_dump")
    dumped = subprocess.run(
        [program, "--no-owner", "--inserts", "--dbname", scratch.address], capture_output=True, text=True, check=True
    )
    return LEFT_OUT.sub("", dumped.stdout).replace(str(ROOT), "/project")


if __name__ == "__main__":
    with created("recorded", "tests.upgrade.settings") as made:
        DUMP.write_text(record(made), encoding="utf-8")
    sys.stdout.write(f"{DUMP.relative_to(ROOT)} has {DUMP.stat().st_size} bytes.\n")
