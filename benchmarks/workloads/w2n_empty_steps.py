"""W2n: five atomic steps that touch no table, so that only the engine's own cost remains."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.drains import drained_rate
from benchmarks.engine import Left
from benchmarks.figures import OURS, Figure, Key
from benchmarks.limits import psycopg_batched
from benchmarks.run import Contender, Run

NAME = "W2n"


def key(subject: str, processes: int = 1) -> Key:
    """Name the one figure of this workload."""
    return Key(workload=NAME, subject=subject, name="steps", processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the driver's limit and the engine."""
    limit = Contender(subject=psycopg_batched.SUBJECT, measure=partial(psycopg_batched.measure, run, NAME))
    ours = [Contender(subject=OURS, processes=count, measure=partial(measure_engine, run, count)) for count in run.processes]
    return [limit, *ours]


def measure_engine(run: Run, processes: int) -> Iterator[Figure]:
    """Drain a backlog, and return its steps a second."""
    from benchmarks.orders.workflows import STEPS, five_empty_steps

    run.server.fresh()
    left = Left(tasks=STEPS, history=STEPS + 2)
    rate = drained_rate(run, f"{NAME} {OURS}", five_empty_steps, run.sizes.empty_steps, processes=processes, left=left)
    yield Figure(key=key(OURS, processes), value=rate * STEPS, unit="steps/s")
