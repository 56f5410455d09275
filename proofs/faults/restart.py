"""PostgreSQL ends as in a crash, and starts again."""

from __future__ import annotations

import time
from typing import Any

from ..postgres import DATABASE
from ..proof import Run

FAULT = "PostgreSQL `stop -m immediate`, then start"


def prove(run: Run) -> None:
    """Crash the server again and again while two workers run."""
    often, times = 3 if run.quick else 10, []
    starts = run.plan()
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(lambda: workers.keep(2), until=(turn + 1) * len(starts) // (often + 2))
            times.append(crash(run, server))
        run.drain(lambda: workers.keep(2))
        run.count(starts)
    times.sort()
    run.outcome.measured["recovery after a restart, median and worst"] = f"{times[len(times) // 2]:.2f} s, {times[-1]:.2f} s"
    run.require("immediate stops", often)


def crash(run: Run, server: Any) -> float:
    """Stop and start; return how long after the start a worker had committed something again."""
    server.stop("immediate")
    server.start()
    began = time.monotonic()
    run.wait_for_workers(server.url(DATABASE))
    run.injected("immediate stops")
    return time.monotonic() - began
