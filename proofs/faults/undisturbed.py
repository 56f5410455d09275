"""No fault at all: the engine and the model agree."""

from __future__ import annotations

from ..postgres import DATABASE
from ..proof import Run

FAULT = "none: the engine does what the model says"


def prove(run: Run) -> None:
    """Run the plan on two workers that nobody disturbs."""
    starts = run.plan()
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        run.driver.start(start for start in starts if not start.delay)
        workers.keep(4 if run.switch else 2)  # who meet more often, where what keeps them apart is out
        run.drain()
        run.driver.start(start for start in starts if start.delay)  # while nothing else keeps the workers from them
        run.drain()
        run.injected("workers", len(workers.alive()))
        run.count(starts, loses_calls=False, queued=True)
