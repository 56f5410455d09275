"""SIGKILL of workers at every instrumented point."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path

from ..plan import Plan
from ..points import POINT, POINTS
from ..postgres import DATABASE
from ..processes import Fleet
from ..proof import Run
from .kill import heirs

FAULT = "SIGKILL of a worker at every instrumented point"
WORKERS = 2
LONGEST = 240.0
LONGEST_LIFE = 3.0


def prove(run: Run) -> None:
    """Start every worker with a deadly point ahead of it, until each point has killed often enough."""
    chance, often = random.Random(f"{run.seed}/points"), 1 if run.quick else 5
    starts = run.plan()
    end = time.monotonic() + LONGEST
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        deaths = Deaths(workers, chance, often)
        run.driver.start(starts)
        while deaths.missing() and time.monotonic() < end:
            run.drain(deaths.replace, until=run.driver.finished() + run.workflows // 4)
            if run.driver.unfinished() < run.workflows:
                more = Plan(seed=run.seed, workflows=run.workflows, first=len(starts)).starts()
                run.driver.start(more)
                starts += more
        deaths.done = True
        run.drain(deaths.replace)
        for point in POINTS:
            run.injected(point, deaths.counted()[point])
            run.require(point, often)
        run.count(starts)


class Deaths:
    """Keeps workers alive, each with the point ahead that has killed least."""

    def __init__(self, workers: Fleet, chance: random.Random, often: int) -> None:
        self.workers, self.chance, self.often = workers, chance, often
        self.done = False
        self._path = Path(workers.environment["PROOFS_DEATHS"])
        self._began: Counter[str] = Counter()

    def counted(self) -> Counter[str]:
        """Count the deaths at each point."""
        text = self._path.read_text() if self._path.exists() else ""
        return Counter(line.split()[0] for line in text.splitlines())

    def missing(self) -> list[str]:
        """Name the points that have not killed often enough."""
        counted = self.counted()
        return [point for point in POINTS if counted[point] < self.often]

    def replace(self) -> None:
        """Give each dead worker a successor."""
        before = list(self.workers.workers)
        alive = self.workers.alive()
        for worker in alive:
            if not self.done and time.monotonic() - worker.began > LONGEST_LIFE:
                worker.send(signal.SIGKILL)  # it does not come to its point; others need somebody to take over from, too
        dead = [worker for worker in before if worker not in alive]
        for number in range(WORKERS - len(alive)):
            ancestors = heirs(dead[number]) if number < len(dead) else []
            self.workers.fork(ancestors, self._ahead())

    def _ahead(self) -> dict[str, str]:
        left = self.missing()
        if self.done or not left:
            return {}
        point = min(left, key=lambda name: self._began[name])
        self._began[point] += 1
        return {POINT: f"{point}:{self.chance.choice([1, 1, 2, 5])}"}
