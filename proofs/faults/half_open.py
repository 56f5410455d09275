"""Connections whose other end is gone without a word: nothing that is sent arrives, and nothing says so."""

from __future__ import annotations

import json

from ..machinery import on_port, proxy
from ..postgres import DATABASE
from ..proof import Run

FAULT = "half-open connections in a TCP proxy"
LEASE = 1.5


def prove(run: Run) -> None:
    """Freeze all connections of all workers; new ones pass. A worker gets over it, or its supervisor replaces it."""
    often = 2 if run.quick else 10
    starts = run.plan()
    settings = {"PROOFS_SETTINGS": json.dumps({"LEASE": LEASE})}
    with (
        run.server() as server,
        proxy(server.port) as between,
        run.fleet(on_port(server.url(DATABASE), between.port), settings) as workers,
    ):
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(lambda: workers.keep(2), until=(turn + 1) * len(starts) // (often + 2))
            frozen = between.tell("freeze")
            run.injected("freezes", bool(frozen))
            run.injected("connections half-open", frozen)
        run.drain(lambda: workers.keep(2))
        run.outcome.measured["workers replaced"] = str(workers.began - 2)
        run.count(starts)
    run.require("freezes", often)
