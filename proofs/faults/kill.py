"""SIGKILL of workers at random moments."""

from __future__ import annotations

import random
import signal
import statistics
import time

from ..postgres import DATABASE
from ..processes import Fleet, WorkerProcess
from ..programs import WEIGHTS
from ..proof import Run

FAULT = "SIGKILL of a worker at random moments"
WORKERS = 4
#: Workflows that are started before it looks whether a kill is due.
CHUNK = 100
SLOWEST_TAKEOVER = 2.0

#: When others saw that these workers were dead and took over what they owned; on the clock of this machine.
TAKEN_OVER = (
    "SELECT name, extract(epoch FROM min(stopped_at))::float FROM pgworkflows_worker WHERE name = ANY (%(names)s) GROUP BY name"
)


def prove(run: Run) -> None:
    """Kill one of four workers every moment; half of them have a successor that knows it, as under a supervisor."""
    # A step that meddles with the transaction costs its whole batch; there are few, so that kills come into full batches.
    starts, chance = run.plan(size=6, weights={**WEIGHTS, "meddle": 0.05}), random.Random(f"{run.seed}/kill")
    wanted = run.options.get("kills") or max(10, run.workflows // 20)
    killed: dict[str, float] = {}
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        workers.keep(WORKERS)
        pace = Pace(run, chance, workers, killed, run.workflows / (1.2 * wanted))
        for first in range(0, len(starts), CHUNK):
            run.driver.start(starts[first : first + CHUNK])
            pace.catch_up()
        run.drain(pace.kill_now_and_then, pause=0.02)
        run.injected("SIGKILLs", len(killed))
        workers.keep(WORKERS)
        time.sleep(2 * SLOWEST_TAKEOVER)
        run.drain()
        run.count(starts)
        measure_takeover(run, killed)
    run.require("SIGKILLs", wanted)


class Pace:
    """Kills and replaces: a worker for every few workflows that end, so that kills are spread over the whole run."""

    def __init__(self, run: Run, chance: random.Random, workers: Fleet, killed: dict[str, float], workflows_each: float) -> None:
        self.run, self.chance, self.workers, self.killed, self.workflows_each = run, chance, workers, killed, workflows_each
        self.next_at = time.monotonic() + 0.3

    def catch_up(self) -> None:
        """Answer waits and kill until no kill is due."""
        self.run.driver.answer()
        while self._due():
            self.kill_now_and_then()
            time.sleep(0.02)

    def _due(self) -> bool:
        return self.run.driver.finished() >= (len(self.killed) + 1) * self.workflows_each

    def kill_now_and_then(self) -> None:
        """Kill one if one is due, and not just after another."""
        self.workers.keep(WORKERS)
        if time.monotonic() < self.next_at or not self._due():
            return
        self.next_at = time.monotonic() + self.chance.uniform(0.05, 0.3)
        victim = self.workers.pick(self.chance)
        if victim is not None and victim.send(signal.SIGKILL):
            self.killed[victim.name] = time.time()
            self.workers.fork(ancestors=heirs(victim) if self.chance.random() < 0.5 else ())


def heirs(victim: WorkerProcess) -> list[str]:
    """Name those whose claims a successor takes over: the victim, and those that it had not got round to."""
    return [*victim.ancestors[-5:], victim.name]


def measure_takeover(run: Run, killed: dict[str, float]) -> None:
    """Note how long after its death each worker's claims were runnable again; one that never registered had none."""
    from pgworkflows.store.connection import query

    rows = query(TAKEN_OVER, {"names": list(killed)})
    times = sorted(at - killed[name] for name, at in rows if at is not None)
    never = sum(at is None for _, at in rows)
    if never:
        run.outcome.problems.append(f"{never} killed workers were never seen to be dead")
    if len(times) < 2:
        return
    p50, p99 = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]
    run.outcome.measured |= {"takeover p50": f"{p50:.2f} s", "takeover p99": f"{p99:.2f} s", "takeovers": str(len(times))}
    limit = SLOWEST_TAKEOVER * (3 if run.quick else 1)  # a small run on a busy machine says little about a hundredth
    if p99 >= limit:
        run.outcome.problems.append(f"takeover p99 {p99:.2f} s is not under {limit} s")
