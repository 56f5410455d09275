"""Workers that are stopped for longer than their lease, and go on afterwards."""

from __future__ import annotations

import json
import random
import signal
import time
from functools import partial

from ..postgres import DATABASE
from ..processes import Fleet
from ..proof import Run

FAULT = "SIGSTOP for longer than the lease, then SIGCONT"
LEASE = 1.5
WORKERS = 3
#: Lease, a heartbeat of whoever looks, and some time for a busy machine.
DECLARED_DEAD = LEASE + 2.0
ENVIRONMENT = {"PROOFS_SETTINGS": json.dumps({"LEASE": LEASE}), "PROOFS_CALL_SECONDS": "0.15"}

DECLARED = "SELECT count(*) FROM pgworkflows_worker WHERE name = %(name)s AND stopped_at IS NOT NULL"
TAKEN = "SELECT count(*) FROM pgworkflows_history WHERE event = 'requeue' AND note LIKE 'worker %% is gone'"
OWNS = "SELECT w.id FROM pgworkflows_workflow w JOIN pgworkflows_worker k ON k.id = w.owner_id WHERE k.name = %(name)s"
OWNED_BY_OTHERS = """
SELECT count(*) FROM pgworkflows_workflow w JOIN pgworkflows_worker k ON k.id = w.owner_id
WHERE w.id = ANY (%(workflows)s::uuid[]) AND k.name <> %(name)s
"""


def prove(run: Run) -> None:
    """Stop one of three workers, let the others take over, let it go on; one that ends itself then is replaced."""
    from pgworkflows.store.connection import query

    # A late result is seldom in hand when a zombie comes back; what lets it in must be given the chance.
    chance, often = random.Random(f"{run.seed}/zombies"), 8 if run.switch else 3 if run.quick else 20
    starts = run.plan(weights=weights())
    with run.server() as server, run.fleet(server.url(DATABASE), ENVIRONMENT) as workers:
        workers.keep(WORKERS)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(partial(workers.keep, WORKERS), until=(turn + 1) * len(starts) // (often + 2))
            stop_and_go_on(run, workers, chance)
        run.drain(partial(workers.keep, WORKERS))
        run.injected("claims taken from zombies", query(TAKEN, {})[0][0])
        run.count(starts)
    run.require("SIGSTOP and SIGCONT", often)
    run.require("claims taken from zombies", 1)


def weights() -> dict[str, int]:
    """Return weights with many outside calls, which zombies come back from."""
    return {"write": 20, "call": 40, "try": 8, "if": 5, "event": 5, "sleep": 3, "transfer": 4, "state": 3}


def stop_and_go_on(run: Run, workers: Fleet, chance: random.Random) -> None:
    """Stop a worker, preferably in the middle of a call, and continue it once others hold its claims."""
    from pgworkflows.store.connection import query

    victim = workers.pick(chance)
    assert victim is not None
    for _ in range(50):
        if query(OWNS, {"name": victim.name}):
            break
        run.driver.answer()
        time.sleep(0.01)
    victim.send(signal.SIGSTOP)
    owned = [workflow for (workflow,) in query(OWNS, {"name": victim.name})]
    stopped_at = time.monotonic()
    while not query(DECLARED, {"name": victim.name})[0][0]:
        if time.monotonic() - stopped_at > DECLARED_DEAD:
            run.outcome.problems.append(f"not_declared_dead 1: a worker that was stopped, {DECLARED_DEAD} s later")
            break
        workers.keep(WORKERS)
        run.driver.answer()
        time.sleep(0.05)
    for _ in range(200):  # others are in the middle of what it had, when it comes back
        if query(OWNED_BY_OTHERS, {"workflows": owned, "name": victim.name})[0][0]:
            break
        time.sleep(0.005)
    victim.send(signal.SIGCONT)
    run.injected("SIGSTOP and SIGCONT")
