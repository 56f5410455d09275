"""W7: W2 again beside a million finished workflows and a long backlog, against an empty database; and what one takes up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import growth
from benchmarks.drains import drained_rate, steady_rate
from benchmarks.engine import Left, count, load_backlog, rows, value
from benchmarks.figures import OURS, Figure, Key
from benchmarks.patience import wait_until
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import running_workers

NAME = "W7"
EMPTY = f"{OURS}, empty database"
GROWN = f"{OURS}, grown database"
ASIDE = "bench_grown"
TABLES = ("workflow", "task", "history")


def key(subject: str, processes: int = 1, name: str = "orders") -> Key:
    """Name a figure of this workload."""
    return Key(workload=NAME, subject=subject, name=name, processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the empty and the grown database with each number of processes."""
    return [
        Contender(subject=subject, processes=processes, measure=partial(measure, run, processes))
        for processes in run.processes
        for subject, measure in ((EMPTY, measure_empty), (GROWN, measure_grown))
    ]


def measure_empty(run: Run, processes: int) -> Iterator[Figure]:
    """Drain a backlog where nothing else is, and see how large the tables have become."""
    from benchmarks.orders.workflows import STEPS, five_rows

    run.server.fresh()
    left = Left(tasks=STEPS, business_rows=STEPS, history=STEPS + 2)
    rate = drained_rate(run, f"{NAME} {EMPTY}", five_rows, run.sizes.orders, processes=processes, left=left)
    yield Figure(key=key(EMPTY, processes), value=rate, unit="orders/s")
    if processes == run.processes[0]:
        yield from sizes(run.sizes.orders)


SIZES = """
SELECT pg_table_size(%(table)s::regclass), pg_indexes_size(%(table)s::regclass)
"""


def sizes(workflows: int) -> Iterator[Figure]:
    """Return the bytes that one workflow of five steps takes up, by table."""
    total = 0
    for table in TABLES:
        ((data, indexes),) = rows(SIZES, {"table": f"pgworkflows_{table}"})
        total += data + indexes
        yield Figure(key=key(EMPTY, name=f"table {table}"), value=data / workflows, unit="bytes/workflow")
        yield Figure(key=key(EMPTY, name=f"indexes of {table}"), value=indexes / workflows, unit="bytes/workflow")
    yield Figure(key=key(EMPTY, name="all tables and indexes"), value=total / workflows, unit="bytes/workflow")


def measure_grown(run: Run, processes: int) -> Iterator[Figure]:
    """Work on the long backlog for a while; the grown database is made once and kept for the next time."""
    if not run.server.take_back(ASIDE):
        run.server.fresh()
        growth.grow(run.sizes.finished)
    top_up(run.sizes.backlog)
    settle(run.server.url)
    times = work_for_a_while(run.sizes.orders, processes)
    check(run, processes)
    run.server.put_aside(ASIDE)
    yield Figure(key=key(GROWN, processes), value=steady_rate(times), unit="orders/s")


STANDING = "SELECT count(*), count(*) FILTER (WHERE finished_at IS NULL) FROM pgworkflows_workflow"


def top_up(backlog: int) -> None:
    """Start as many orders as are missing, under numbers that none had before."""
    from benchmarks.orders.workflows import five_rows

    ((everything, unfinished),) = rows(STANDING)
    load_backlog(five_rows, [{"order": everything + number} for number in range(backlog - unfinished)])


LATEST_ROW = "SELECT COALESCE(max(id), 0) FROM orders_row"
ENDED_SINCE = """
SELECT extract(epoch FROM finished_at)::double precision FROM pgworkflows_workflow WHERE finished_at > %(since)s
"""


def work_for_a_while(orders: int, processes: int) -> list[float]:
    """Let workers run until about so many orders are done, and stop them in good order; return when each ended."""
    from benchmarks.orders.workflows import STEPS

    since, enough = value("SELECT clock_timestamp()"), value(LATEST_ROW) + orders * STEPS
    with running_workers(processes) as workers:
        wait_until(lambda: value(LATEST_ROW) >= enough, f"{orders} orders to be done", workers.check)
    return [row[0] for row in rows(ENDED_SINCE, {"since": since})]


def check(run: Run, processes: int) -> None:
    """Hold every table to the others: workers that were stopped may have left an order half done, never half recorded."""
    from benchmarks.orders.workflows import STEPS, five_rows

    found = count(five_rows)
    done, unfinished, tasks = (found[name] for name in ("completed workflows", "workflows not completed", "completed tasks"))
    written = tasks - run.sizes.finished * STEPS
    expected = {
        "business rows": written,
        "different business rows": written,
        "history rows": done + unfinished + tasks + done,
    }
    run.results.check(f"{NAME} {GROWN}, {processes} process(es)", found, expected)
