"""PgBouncer in transaction mode between workers and server: no LISTEN, no session locks."""

from __future__ import annotations

import json
import random
import signal
import socket

from ..machinery import bouncer
from ..postgres import DATABASE, ask
from ..proof import Run

FAULT = "PgBouncer in transaction mode, with SIGKILLs"
LEASE = 2.0
DIRECT = "SELECT count(*) FILTER (WHERE direct), count(*) FILTER (WHERE NOT direct) FROM pgworkflows_worker"


def prove(run: Run) -> None:
    """Run everything through the pooler, kill a worker now and then, and see that the lease serves."""
    often, chance = 2 if run.quick else 20, random.Random(f"{run.seed}/pgbouncer")
    starts = run.plan()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"PROOFS_SETTINGS": json.dumps({"LEASE": LEASE})}
    with (
        run.server() as server,
        bouncer(server.url(DATABASE), run.servers.folder / "bouncer", port) as through,
        run.fleet(through, settings) as workers,
    ):
        workers.keep(2)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(until=(turn + 1) * len(starts) // (often + 2))
            victim = workers.pick(chance)
            run.injected("SIGKILLs", victim is not None and victim.send(signal.SIGKILL))
            workers.keep(2)
        run.drain()
        direct, pooled = ask(server.url(DATABASE), DIRECT)[0]
        run.injected("workers that found the pooler", pooled)
        if direct:
            run.outcome.problems.append(f"{direct} workers took the pooler for a direct connection")
        run.count(starts)
    run.require("workers that found the pooler", 2)
    run.require("SIGKILLs", often)
