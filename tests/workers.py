"""Worker processes for tests: started on the test's database, signalled, and ended whatever happens."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from pgworkflows.models import Workflow
from pgworkflows.worker.options import WorkerOptions

ROOT = Path(__file__).resolve().parent.parent

OTHER_SESSIONS = """
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def conninfo() -> str:
    """Return the libpq string of the database that the test runs on."""
    given = connection.settings_dict
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    return psycopg.conninfo.make_conninfo(**{libpq: str(given[key]) for libpq, key in named.items() if given[key]})


def rows(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement on the test's own connection."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description is not None else []


def until(condition: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """Return the condition's value once it is true; fail when it does not come to that in time."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"after {seconds} s it had not come to this: {what}"
        time.sleep(0.02)
    return value


def until_all(status: str, seconds: float = 30) -> None:
    """Return once every workflow has this status."""

    def others() -> list[tuple[Any, ...]]:
        return list(Workflow.objects.exclude(status=status).values_list("name", "status", "waiting_for")[:3])

    try:
        until(lambda: not others(), f"all workflows are {status}", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; there are {others()}") from None


def children(process: subprocess.Popen[bytes] | int) -> list[int]:
    """List the processes that a process has started, oldest first; those that have ended do not count."""
    of = process if isinstance(process, int) else process.pid
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    split = [line.split() for line in listed.splitlines()]
    return sorted(int(pid) for pid, parent, stat, *_ in split if int(parent) == of and not stat.startswith("Z"))


class Fleet:
    """The processes of one test."""

    def __init__(self, without: str = "") -> None:
        self.settings: dict[str, Any] = {}
        self._without = without
        self._processes: list[subprocess.Popen[bytes]] = []

    def worker(self, **options: Any) -> subprocess.Popen[bytes]:
        """Start one worker process, without a supervisor."""
        chosen = WorkerOptions(**{"name": f"test:{secrets.token_hex(4)}", "poll_interval": 0.2} | options)
        return self._start("-m", "pgworkflows.worker", chosen.to_json())

    def runworkflows(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start `manage.py runworkflows`."""
        return self._start("manage.py", "runworkflows", *arguments, **options)

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "DATABASE_URL": conninfo(),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "PGWORKFLOWS_TEST_SETTINGS": json.dumps(self.settings),
            "PGWORKFLOWS_TEST_WITHOUT": self._without,
            "PYTHONPATH": str(ROOT),
        }
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, start_new_session=True, **options)
        self._processes.append(process)
        return process

    def end(self) -> None:
        """Kill what is left, children of the dead included, and let the server forget their sessions."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        end = time.monotonic() + 5
        while rows(f"SELECT pid {OTHER_SESSIONS}"):
            if time.monotonic() > end:
                rows(f"SELECT pg_terminate_backend(pid) {OTHER_SESSIONS}")
            time.sleep(0.01)


@pytest.fixture
def fleet(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """Give the means to start worker processes."""
    made = Fleet(request.config.getoption("without", None) or "")
    yield made
    made.end()
