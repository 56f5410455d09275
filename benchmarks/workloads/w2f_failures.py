"""W2f: W2 where one step in a hundred fails after its row, and is caught."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.drains import steady_rate
from benchmarks.engine import Left, check, finish_times, load_backlog
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import drain

NAME = "W2f"


def key(processes: int = 1) -> Key:
    """Name the one figure of this workload."""
    return Key(workload=NAME, subject=OURS, name="orders", processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the engine with each number of processes."""
    return [Contender(subject=OURS, processes=count, measure=partial(measure_engine, run, count)) for count in run.processes]


def expected(orders: int) -> dict[str, int]:
    """Return what orders 1 to that leave: a step that fails leaves neither its row nor a completed task."""
    from benchmarks.orders.workflows import STEPS, failures_until

    left = Left(tasks=STEPS, business_rows=STEPS, history=STEPS + 2).of(orders)
    for what in ("completed tasks", "business rows", "different business rows"):
        left[what] -= failures_until(orders)
    return left


def measure_engine(run: Run, processes: int) -> Iterator[Figure]:
    """Drain a backlog, and count what it leaves."""
    from benchmarks.orders.workflows import five_rows_with_failures

    run.server.fresh()
    load_backlog(five_rows_with_failures, run.sizes.orders)
    settle(run.server.url)
    drain(processes)
    check(run.results, f"{NAME} {OURS}, {processes} process(es)", five_rows_with_failures, expected(run.sizes.orders))
    yield Figure(key=key(processes), value=steady_rate(finish_times(five_rows_with_failures)), unit="orders/s")
