"""`python -m benchmarks.pair_side PAIR`: measures each workload that it reads a line of, and prints what it took as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil  # comes with the embedded server's package

from benchmarks import sizes
from benchmarks.drains import steady_rate
from benchmarks.engine import Left, check, finish_times, load_backlog, rows, value
from benchmarks.figures import Results
from benchmarks.latency import sample
from benchmarks.patience import wait_until
from benchmarks.run import Run
from benchmarks.server import running_server
from benchmarks.subprocesses import Workers, running_workers
from benchmarks.workloads import w2_order, w2f_failures, w3_latency

#: So many before those that are measured: caches and batches grow.
WARM_UP = 200
BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
FINISHED = "SELECT NOT EXISTS (SELECT FROM pgworkflows_workflow WHERE finished_at IS NULL)"


class Meter:
    """The CPU of the workers that run now, and of the server processes that they are connected to."""

    def __init__(self, workers: Workers) -> None:
        self._processes = [*workers.everyone(), *(psutil.Process(pid) for (pid,) in rows(BACKENDS))]
        self._before = self._seconds()

    def spent(self) -> float:
        """Return the seconds since this was made."""
        return self._seconds() - self._before

    def _seconds(self) -> float:
        return sum(float(sum(process.cpu_times()[:2])) for process in self._processes)  # user and system


def all_at_once(run: Run, workers: Workers, workflow: Any, orders: Sequence[int]) -> float:
    """Start all in one transaction; return the seconds of CPU from its commit until the last has ended."""
    from django.db import transaction

    with transaction.atomic():
        load_backlog(workflow, [{"order": order} for order in orders])
        rows("ANALYZE")
        meter = Meter(workers)
    wait_until(lambda: bool(value(FINISHED)), "the last to finish", workers.check)
    return meter.spent()


def one_by_one(run: Run, workers: Workers, workflow: Any, orders: Sequence[int]) -> float:
    """Start each after the end of the one before; return the seconds of CPU that they took."""
    meter, waiting = Meter(workers), iter(orders)
    sample(run.server.url, lambda: workflow.start(order=next(waiting)).id, w3_latency.DONE, len(orders), 0)
    return meter.spent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A workload of a pair: the workflow by name, which size says how many, how they come, and what each leaves."""

    workflow: str
    size: str
    left: Left
    come: Callable[[Run, Workers, Any, Sequence[int]], float] = all_at_once


FIVE_ROWS = Left(tasks=5, business_rows=5, history=7)
PAIRED = {
    "W1": Paired(workflow="bare", size="bare", left=Left()),
    "W2": Paired(workflow="five_rows", size="orders", left=FIVE_ROWS),
    "W2f": Paired(workflow="five_rows_with_failures", size="orders", left=FIVE_ROWS),
    "W2n": Paired(workflow="five_empty_steps", size="empty_steps", left=Left(tasks=5, history=7)),
    "W3": Paired(workflow="one_row", size="latencies", left=Left(tasks=1, business_rows=1, history=3), come=one_by_one),
}


def measure(run: Run, name: str) -> dict[str, float]:
    """Return the microseconds of CPU a workflow; of W2 also its rate by the clock over that of plain Django."""
    from benchmarks.orders import workflows

    paired = PAIRED[name]
    workflow, size = getattr(workflows, paired.workflow), getattr(run.sizes, paired.size)
    last = WARM_UP + size
    run.server.fresh()
    with running_workers(1) as workers:
        all_at_once(run, workers, workflow, range(1, WARM_UP + 1))
        spent = paired.come(run, workers, workflow, range(WARM_UP + 1, last + 1))
    expected = w2f_failures.expected(last) if name == "W2f" else paired.left.of(last)
    check(run.results, name, workflow, expected)
    measured = {"cpu": spent / size * 1e6}
    if name == "W2":
        rate = steady_rate(finish_times(workflow))
        (django,) = w2_order.measure_django(run, 1)
        measured["wall"] = rate / django.value
    return measured


def main() -> None:
    """Measure what is asked for until there is nothing more to read; exit 1 where a count is wrong."""
    with running_server() as server:
        run = Run(server=server, sizes=getattr(sizes, sys.argv[1]), processes=(1,), peers=(), results=Results())
        for line in sys.stdin:
            print(json.dumps(measure(run, line.strip())), flush=True)
            if run.results.wrong:
                sys.exit("\n".join(run.results.wrong))


if __name__ == "__main__":
    main()
