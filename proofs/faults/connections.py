"""The server gives no connection any more."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import psycopg

from ..postgres import DATABASE
from ..proof import Run

FAULT = "out of connections"
OPTIONS = {"max_connections": "25", "superuser_reserved_connections": "0"}
HOLD = 2.0
END_WORKERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'hog' AND pid <> ALL (%s)
"""
REFUSED = "sorry, too many clients already"


def prove(run: Run) -> None:
    """Take every connection, end those of the workers, and hold all for a while."""
    often = 2 if run.quick else 8
    starts = run.plan()
    with run.server(OPTIONS) as server, run.fleet(server.url(DATABASE)) as workers:
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(until=(turn + 1) * len(starts) // (often + 2))
            refused = server.log(100_000).count(REFUSED)
            hog(server.url(DATABASE))
            run.injected("exhaustions")
            # One refusal more or less is the hog's own.
            run.injected("connections refused to workers", max(0, server.log(100_000).count(REFUSED) - refused - 10))
        run.drain()
        run.outcome.measured["workers that lived through it"] = str(len(workers.alive()))
        run.count(starts)
    run.require("exhaustions", often)
    run.require("connections refused to workers", 1)


def hog(url: str) -> None:
    """Hold every connection that the server has."""
    from django.db import connection

    ours = [connection.connection.info.backend_pid] if connection.connection else []
    with contextlib.ExitStack() as held:

        def fill() -> None:
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    taken.append(held.enter_context(psycopg.connect(url, autocommit=True, application_name="hog")))

        taken: list[psycopg.Connection[Any]] = []
        fill()
        taken[0].execute(END_WORKERS, [ours])
        end = time.monotonic() + HOLD
        while time.monotonic() < end:
            fill()
            time.sleep(0.3)
