"""A supervisor whose workers are killed, that is killed itself, and that is told to stop."""

from __future__ import annotations

import random
import signal
import time
from functools import partial

from ..postgres import DATABASE
from ..processes import Fleet, WorkerProcess, children, until
from ..proof import Run

FAULT = "SIGKILL of a supervisor's workers and of the supervisor, then SIGTERM"
PROCESSES = 2
#: How long the workers of a dead supervisor may still be there, in seconds: those that are loading have to finish that.
ORPHANED = 20.0


def prove(run: Run) -> None:
    """Kill workers, which it replaces, and the supervisor, whose workers must end by themselves; end the last in good order."""
    chance, often = random.Random(f"{run.seed}/supervisor"), 1 if run.quick else 10
    starts = run.plan()
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        supervisor = workers.supervise(PROCESSES)
        run.driver.start(starts)
        for turn in range(often):
            run.drain(until=(2 * turn + 1) * len(starts) // (2 * often + 2))
            kill_worker(run, supervisor, chance)
            run.drain(until=(2 * turn + 2) * len(starts) // (2 * often + 2))
            supervisor = kill_supervisor(run, workers, supervisor)
        run.drain()
        stop(run, supervisor)
        run.count(starts)
    run.require("workers killed", often)
    run.require("supervisors killed", often)


def kill_worker(run: Run, supervisor: WorkerProcess, chance: random.Random) -> None:
    """Kill one of its processes, and wait until another has its place."""
    before = until(partial(children, supervisor.pid), 30, "the supervisor has workers")
    victim = chance.choice(sorted(before))
    victim_gone = partial(_replaced, run, supervisor, victim)
    WorkerProcess("a worker", victim, []).send(signal.SIGKILL)
    until(victim_gone, 30, "the supervisor has replaced a worker")
    run.injected("workers killed")


def _replaced(run: Run, supervisor: WorkerProcess, victim: int) -> bool:
    run.driver.answer()
    there = children(supervisor.pid)
    return victim not in there and len(there) >= PROCESSES


def kill_supervisor(run: Run, workers: Fleet, supervisor: WorkerProcess) -> WorkerProcess:
    """Kill a supervisor and return the next; note which of its workers live on."""
    orphans = [WorkerProcess("a worker", pid, []) for pid in children(supervisor.pid)]
    supervisor.send(signal.SIGKILL)
    run.injected("supervisors killed")
    following = workers.supervise(PROCESSES)
    end = time.monotonic() + ORPHANED
    while any(worker.alive() for worker in orphans) and time.monotonic() < end:
        run.driver.answer()
        time.sleep(0.05)
    left = sum(worker.alive() for worker in orphans)
    if left:
        run.outcome.problems.append(f"lived_on {left}: workers whose supervisor died {ORPHANED:g} s before")
    return following


def stop(run: Run, supervisor: WorkerProcess) -> None:
    """End the service as people do; it must end in good order, whatever its steps have done."""
    status = supervisor.stop(60)
    if status:
        run.outcome.problems.append(f"not_stopped 1: told to stop, the supervisor ended with status {status}")
