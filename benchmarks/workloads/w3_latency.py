"""W3: an idle worker, one workflow with one step; from the caller's commit until completion is seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.engine import Left, check
from benchmarks.figures import OURS, Figure, Key
from benchmarks.latency import percentiles, sample
from benchmarks.run import Contender, Run
from benchmarks.subprocesses import running_workers

NAME = "W3"
DONE = "SELECT status = 'COMPLETED' FROM pgworkflows_workflow WHERE id = %(id)s"


def key(name: str, subject: str = OURS, processes: int = 1) -> Key:
    """Name a percentile."""
    return Key(workload=NAME, subject=subject, name=name, processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the engine with each number of processes."""
    return [
        Contender(
            subject=OURS,
            processes=count,
            linked=count == run.processes[0],
            once=count != run.processes[0],
            measure=partial(measure_engine, run, count),
        )
        for count in run.processes
    ]


def measure_engine(run: Run, processes: int) -> Iterator[Figure]:
    """Start one workflow after another beside workers that have nothing else to do."""
    from benchmarks.orders.workflows import one_row

    orders = iter(range(1_000_000))
    run.server.fresh()
    with running_workers(processes, run.worker_env()):
        samples, warm_up = run.sizes.latencies, run.sizes.warm_up_latencies
        found = sample(run.server.url, lambda: one_row.start(order=next(orders)).id, DONE, samples, warm_up)
    left = Left(tasks=1, business_rows=1, history=3)
    check(run.results, f"{NAME} {OURS}, {processes} process(es)", one_row, left.of(samples + warm_up))
    for name, milliseconds in percentiles(found).items():
        yield Figure(key=key(name, processes=processes), value=milliseconds, unit="ms")
