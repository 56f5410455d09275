"""W6: every order decrements one of ten stock rows under `select_for_update`; nothing may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.drains import drained_rate
from benchmarks.engine import Left, value
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run

NAME = "W6"
STOCKS = 10
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def key(name: str, processes: int = 1) -> Key:
    """Name a figure of this workload."""
    return Key(workload=NAME, subject=OURS, name=name, processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the engine with each number of processes."""
    return [Contender(subject=OURS, processes=count, measure=partial(measure_engine, run, count)) for count in run.processes]


def measure_engine(run: Run, processes: int) -> Iterator[Figure]:
    """Drain orders that all want the same few rows; count the units that are left."""
    from benchmarks.orders.models import Stock
    from benchmarks.orders.workflows import hot_row

    run.server.fresh()
    orders = run.sizes.hot
    stocks = [stock.pk for stock in Stock.objects.bulk_create([Stock(units=orders) for _ in range(STOCKS)])]
    calls = [{"order": order, "stock": stocks[order % STOCKS]} for order in range(orders)]
    rate = drained_rate(run, f"{NAME} {OURS}", hot_row, calls, processes=processes, left=Left(tasks=1, history=3))
    taken = orders * STOCKS - value("SELECT sum(units) FROM orders_stock")
    run.results.check(f"{NAME} {OURS}, {processes} process(es)", {"units taken": taken}, {"units taken": orders})
    yield Figure(key=key("orders", processes), value=rate, unit="orders/s")
    yield Figure(key=key("deadlocks", processes), value=value(DEADLOCKS), unit="deadlocks")
