"""Connections that end without a word, all at once."""

from __future__ import annotations

from ..machinery import on_port, proxy
from ..postgres import DATABASE
from ..proof import Run

FAULT = "connections cut in a TCP proxy"


def prove(run: Run) -> None:
    """Reset all connections of two workers again and again."""
    often = 8 if run.quick else 100
    starts = run.plan()
    with (
        run.server() as server,
        proxy(server.port) as between,
        run.fleet(on_port(server.url(DATABASE), between.port)) as workers,
    ):
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(pause=0.01, until=(turn + 1) * len(starts) // (often + 2))
            connections = between.tell("cut")
            run.injected("cuts", bool(connections))
            run.injected("connections cut", connections)
        run.drain()
        run.outcome.measured["workers that lived through it"] = str(len(workers.alive()))
        run.count(starts)
    run.require("cuts", often // 2)
