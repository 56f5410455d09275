"""W2: five sequential atomic steps, each one ORM `create()`, against five creates in one `atomic()`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.drains import drained_rate
from benchmarks.engine import Left, rows
from benchmarks.figures import OURS, Figure, Key
from benchmarks.limits import pgbench, psycopg_batched
from benchmarks.run import Contender, Run
from benchmarks.sizes import MANY_PROCESSES
from benchmarks.subprocesses import run_together

NAME = "W2"
UNGUARDED = f"{OURS} without history and guards"
DJANGO = "plain Django"

# By the tables' owner, as anybody would have to do it; foreign keys stay.
LIFT = [f"ALTER TABLE pgworkflows_{table} DISABLE TRIGGER USER" for table in ("workflow", "task", "history")]


def key(subject: str, processes: int = 1) -> Key:
    """Name the one figure of this workload."""
    return Key(workload=NAME, subject=subject, name="orders", processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the limits, plain Django, and the engine with and without its triggers."""
    listed = [Contender(subject=limit.SUBJECT, measure=partial(limit.measure, run, NAME)) for limit in (pgbench, psycopg_batched)]
    for processes in run.processes:
        listed += [
            Contender(subject=DJANGO, processes=processes, linked=True, measure=partial(measure_django, run, processes)),
            Contender(subject=OURS, processes=processes, linked=True, measure=partial(measure_engine, run, processes)),
            Contender(subject=UNGUARDED, processes=processes, measure=partial(measure_unguarded, run, processes)),
        ]
    if not run.sizes.quick and run.link is None:
        many = Contender(subject=OURS, processes=MANY_PROCESSES, measure=partial(measure_engine, run, MANY_PROCESSES))
        listed.append(many)
    return listed


def measure_engine(run: Run, processes: int, subject: str = OURS) -> Iterator[Figure]:
    """Drain a backlog, and count what it leaves."""
    from benchmarks.orders.workflows import STEPS, five_rows

    run.server.fresh()
    if subject == UNGUARDED:
        for statement in LIFT:
            rows(statement)
    left = Left(tasks=STEPS, business_rows=STEPS, history=0 if subject == UNGUARDED else STEPS + 2)
    rate = drained_rate(run, f"{NAME} {subject}", five_rows, run.sizes.orders, processes=processes, left=left)
    yield Figure(key=key(subject, processes), value=rate, unit="orders/s")


def measure_unguarded(run: Run, processes: int) -> Iterator[Figure]:
    """Do the same without the triggers that write history and guard the transitions."""
    return measure_engine(run, processes, UNGUARDED)


def measure_django(run: Run, processes: int) -> Iterator[Figure]:
    """Run the loop that the engine replaces, by the clock around it in each process."""
    from benchmarks.limits.plain_django import WARM_UP
    from benchmarks.orders.workflows import STEPS

    run.server.fresh()
    share = run.sizes.plain_orders // processes
    calls: list[list[object]] = [[share, 1 + share * place] for place in range(processes)]
    said = run_together("benchmarks.limits.plain_django", calls, run.worker_env())
    written = (share + WARM_UP) * processes * STEPS
    (found,) = rows('SELECT count(*), count(DISTINCT ("order", step)) FROM orders_row')
    run.results.check(
        f"{NAME} {DJANGO}, {processes} process(es)",
        {"business rows": found[0], "different business rows": found[1]},
        {"business rows": written, "different business rows": written},
    )
    seconds = max(one["seconds"] for one in said)
    yield Figure(key=key(DJANGO, processes), value=share * processes / seconds, unit="orders/s")
