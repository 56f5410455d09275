"""A steady load for a long time, with pruning on: memory, tables, indexes, dead rows and transactions stay flat."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..plan import Plan, Start
from ..postgres import DATABASE, ask
from ..processes import Fleet
from ..programs import WEIGHTS
from ..proof import Run

FAULT = "none, for a long time, with pruning on"
MINUTES, QUICK_MINUTES = 5.0, 0.25
BATCH = 25
#: What has failed and waits for a person is pruned as all that has ended.
WEIGHTS_OF_WHAT_ENDS = {**WEIGHTS, "repair": 0}
#: The end may be this much above the middle, or this many more than it, whichever is more.
FACTOR = 1.5
SLACK = {
    "memory of a worker, MiB": 8,
    "tables, MiB": 8,
    "indexes, MiB": 8,
    "dead rows": 20_000,
    "oldest transaction, s": 5,
}

SIZES = """
SELECT sum(pg_table_size(relid)) / 1048576.0, sum(pg_indexes_size(relid)) / 1048576.0, sum(n_dead_tup)
FROM pg_stat_user_tables WHERE relname LIKE 'pgworkflows_%' AND relname <> 'pgworkflows_history'
"""
LEFT = "SELECT count(*) FROM pgworkflows_workflow WHERE finished_at IS NOT NULL"
OLDEST = """
SELECT COALESCE(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def prove(run: Run) -> None:
    """Start a batch of workflows again and again, prune what has ended, and measure all the while."""
    minutes = run.options.get("minutes") or (QUICK_MINUTES if run.quick else MINUTES)
    load = Load(run)
    with run.server({"autovacuum_naptime": "5s"}) as server, run.fleet(server.url(DATABASE)) as workers:
        workers.keep(2)
        samples = Samples(server.url(DATABASE), workers)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            load.more()
            samples.take_now_and_then(60 * minutes / 40)
        run.drain()
        run.injected("workflows", len(load.starts))
        run.injected("samples", len(samples.taken))
        run.outcome.problems += samples.grown(run)
        run.count(load.starts, loses_calls=False, pruned=True)
        load.pruned += prune(older_than=0)
        run.injected("pruned", load.pruned)
        run.count_left_unpruned(ask(server.url(DATABASE), LEFT)[0][0])
    run.require("samples", 10)
    run.require("pruned", 1)


@dataclass(slots=True)
class Load:
    """Keeps a few hundred workflows under way."""

    run: Run
    starts: list[Start] = field(default_factory=list)
    pruned: int = 0

    def more(self) -> None:
        """Start some unless enough are under way, answer what waits, and prune."""
        if self.run.driver.unfinished() < 4 * BATCH:
            more = Plan(seed=self.run.seed, workflows=BATCH, first=len(self.starts), weights=WEIGHTS_OF_WHAT_ENDS).starts()
            self.run.driver.start(more)
            self.starts += more
            self.pruned += prune()
        self.run.driver.answer()
        time.sleep(0.05)


def prune(older_than: float = 5) -> int:
    """Delete what ended more than so many seconds ago, with its tasks, events and approvals; return how much that was."""
    from datetime import timedelta

    from pgworkflows.store.connection import database_now
    from pgworkflows.store.retention.pruning import BEGINNING, prune_batch

    before, after, gone = database_now() - timedelta(seconds=older_than), BEGINNING, 0
    while True:
        batch = prune_batch(before, after=after, most=500)
        gone += batch.workflows
        if batch.last is None:
            return gone
        after = batch.last


class Samples:
    """What was measured, in order."""

    def __init__(self, url: str, workers: Fleet) -> None:
        self.url, self.workers = url, workers
        self.taken: list[dict[str, float]] = []
        self._next_at = 0.0

    def take_now_and_then(self, every: float) -> None:
        """Measure if it is time."""
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + every
        tables, indexes, dead = ask(self.url, SIZES)[0]
        self.taken.append({
            "memory of a worker, MiB": max((resident(worker.pid) for worker in self.workers.alive()), default=0.0),
            "tables, MiB": float(tables), "indexes, MiB": float(indexes), "dead rows": float(dead),
            "oldest transaction, s": float(ask(self.url, OLDEST)[0][0]),
        })  # fmt: skip

    def grown(self, run: Run) -> list[str]:
        """Name what the last quarter has more of than the second; note both."""
        found, quarter = [], max(1, len(self.taken) // 4)
        for what, slack in SLACK.items():
            middle = statistics.median(sample[what] for sample in self.taken[quarter : 2 * quarter])
            last = statistics.median(sample[what] for sample in self.taken[-quarter:])
            run.outcome.measured[what] = f"{middle:.1f} -> {last:.1f}"
            if last > max(middle * FACTOR, middle + slack):
                found.append(f"{what} grew from {middle:.1f} to {last:.1f}")
        return found


def resident(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
