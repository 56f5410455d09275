"""W1: no steps; how fast workflows are started (one by one, in bulk, from SQL), and how fast they are drained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.drains import drained_rate
from benchmarks.engine import Left, rows, value
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run

NAME = "W1"
DJANGO = "plain Django"
ONE_BY_ONE = "start one by one"
IN_BULK = "start in bulk"
DRAIN = "drain"
WARM_UP = 50
SQL_CHUNK = 1_000


def key(name: str, subject: str = OURS, processes: int = 1) -> Key:
    """Name a figure of this workload."""
    return Key(workload=NAME, subject=subject, name=name, processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List starting, Django's create, and draining."""
    listed = [
        Contender(subject=DJANGO, measure=partial(measure_creating, run)),
        Contender(subject=OURS, measure=partial(measure_starting, run)),
    ]
    for processes in run.processes:
        listed.append(
            Contender(subject=OURS, processes=processes, linked=True, measure=partial(measure_draining, run, processes))
        )
    return listed


def measure_creating(run: Run) -> Iterator[Figure]:
    """Insert one business row an `atomic()`: what a start is compared with."""
    from django.db import transaction

    from benchmarks.orders.models import Row

    def create(order: int) -> None:
        with transaction.atomic():
            Row.objects.create(order=order, step=1)

    run.server.fresh()
    rate = one_by_one(run, create)
    found = {"business rows": value("SELECT count(*) FROM orders_row")}
    run.results.check(f"{NAME} {DJANGO}", found, {"business rows": WARM_UP + run.sizes.one_by_one})
    yield Figure(key=key(ONE_BY_ONE, DJANGO), value=rate, unit="rows/s")


def measure_starting(run: Run) -> Iterator[Figure]:
    """Start one by one, in bulk, and from SQL, by the clock around each."""
    from django.db import transaction

    from benchmarks.orders.workflows import bare

    def start(order: int) -> None:
        with transaction.atomic():
            bare.start(order=order)

    run.server.fresh()
    yield Figure(key=key(ONE_BY_ONE), value=one_by_one(run, start), unit="workflows/s")
    yield Figure(
        key=key(f"{ONE_BY_ONE}, autocommit"), value=one_by_one(run, lambda order: bare.start(order=order)), unit="workflows/s"
    )
    calls = [{"order": order} for order in range(run.sizes.bare)]
    began = time.perf_counter()
    bare.start_many(calls)
    yield Figure(key=key(IN_BULK), value=run.sizes.bare / (time.perf_counter() - began), unit="workflows/s")
    began = time.perf_counter()
    start_from_sql(run.sizes.from_sql)
    yield Figure(key=key("start from SQL"), value=run.sizes.from_sql / (time.perf_counter() - began), unit="workflows/s")
    started = 2 * (WARM_UP + run.sizes.one_by_one) + run.sizes.bare + run.sizes.from_sql
    found = value("SELECT count(DISTINCT id) FROM pgworkflows_workflow WHERE status = 'PENDING'")
    run.results.check(f"{NAME} {OURS}", {"pending workflows": found}, {"pending workflows": started})


def one_by_one(run: Run, call: Callable[[int], object]) -> float:
    """Return calls a second, after some to warm up."""
    for order in range(-WARM_UP, 0):
        call(order)
    began = time.perf_counter()
    for order in range(run.sizes.one_by_one):
        call(order)
    return run.sizes.one_by_one / (time.perf_counter() - began)


START = """
SELECT pgworkflows.start('orders.bare', jsonb_build_object('order', place))
FROM generate_series(%(first)s::integer, %(last)s::integer) AS place
"""


def start_from_sql(workflows: int) -> None:
    """Start with the SQL function, a thousand calls to a statement."""
    for first in range(0, workflows, SQL_CHUNK):
        rows(START, {"first": first, "last": min(first + SQL_CHUNK, workflows) - 1})


def measure_draining(run: Run, processes: int) -> Iterator[Figure]:
    """Drain a backlog of workflows that do nothing."""
    from benchmarks.orders.workflows import bare

    run.server.fresh()
    rate = drained_rate(run, f"{NAME} {OURS}", bare, run.sizes.bare, processes=processes, left=Left())
    yield Figure(key=key(DRAIN, processes=processes), value=rate, unit="workflows/s")
