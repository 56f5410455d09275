"""Settings of the tests: the demo's project, on a server of this run's own.

pytest-django reads settings before any conftest.py, so the server starts here, once. The workers of pytest-xdist find
its address in the environment, and it goes with the process that started it, killed or not. Set DATABASE_URL to use
another server, or POSTGRES_VERSION (18, 16) for another embedded one.
"""

import atexit
import contextlib
import json
import os
import tempfile

from demo_shop.postgres import EmbeddedPostgres

if not os.environ.get("DATABASE_URL"):
    _stack = contextlib.ExitStack()
    atexit.register(_stack.close)
    _server = _stack.enter_context(
        EmbeddedPostgres.temporary(
            version=int(os.environ.get("POSTGRES_VERSION", "18")),
            # Tests kill workers, never the machine: nothing here has to survive a power cut.
            # Some replicate.
            options={"fsync": "off", "full_page_writes": "off", "wal_level": "logical"},
        )
    )
    os.environ["DATABASE_URL"] = _server.url("pgworkflows")
    os.environ["SUPERUSER_URL"] = _server.superuser_url()
    os.environ["DEMO_SHOP_STATE"] = str(_server.data_dir.parent / "state")
elif "DEMO_SHOP_STATE" not in os.environ:
    _state = tempfile.TemporaryDirectory(prefix="pgworkflows-tests-")
    os.environ["DEMO_SHOP_STATE"] = _state.name

from demo_shop.settings import *  # noqa: F403  the tests run the demo's project as it is

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [*INSTALLED_APPS, "tests.ledger"]  # noqa: F405

# For the worker processes that tests start: shorter leases, for one.
if os.environ.get("PGWORKFLOWS_TEST_SETTINGS"):
    PGWORKFLOWS = json.loads(os.environ["PGWORKFLOWS_TEST_SETTINGS"])
