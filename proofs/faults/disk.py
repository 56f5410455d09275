"""The disk of the database is full."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import psycopg

from ..machinery import small_disk
from ..postgres import DATABASE, ask
from ..processes import until
from ..proof import Run

FAULT = "full disk (tmpfs)"
OPTIONS = {"min_wal_size": "32MB", "max_wal_size": "64MB", "wal_recycle": "off"}
MEGABYTES = 220
WRITE = "CREATE TEMPORARY TABLE told AS SELECT n FROM generate_series(1, 100000) n"
TOLD = "No space left on device"


def prove(run: Run) -> None:
    """Fill the disk while workers run, wait for the server to say so, give the space back."""
    often = 1 if run.quick else 3
    starts = run.plan()
    with (
        small_disk(run.servers.folder / "disk", MEGABYTES) as place,
        run.server(OPTIONS, place) as server,
        run.fleet(server.url(DATABASE)) as workers,
    ):
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(until=(turn + 1) * len(starts) // (often + 4))
            fill(run, server, place)
        run.drain(lambda: workers.keep(2))
        run.count(starts)
    run.require("times the disk was full", often)


def fill(run: Run, server: Any, place: Path) -> None:
    """Take all that is free, until the server has met it; start the server anew if that ended it."""
    ballast, before = place / "ballast", server.log(100_000).count(TOLD)

    def full() -> bool:
        with open(ballast, "ab") as file:
            try:
                while True:
                    os.write(file.fileno(), bytes(65536))
            except OSError:
                pass
        with contextlib.suppress(psycopg.Error):  # the workers may all be waiting, and then nobody writes
            ask(server.url(DATABASE), WRITE)
        return bool(server.log(100_000).count(TOLD) > before)

    try:
        until(full, 60, "the server meets the full disk")
        time.sleep(1.0)
        run.injected("writes refused", server.log(100_000).count(TOLD) - before)
    finally:
        ballast.unlink()
    run.injected("times the disk was full")
    if not server.is_running():
        run.injected("servers ended by it")
        server.stop("immediate")
        server.start()
