"""W9: many of one thing: runs that are due in 2,000 lanes, and 50,000 events for one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from benchmarks.drains import steady_rate
from benchmarks.engine import Left, check, finish_times, rows
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import drain

NAME = "W9"
RUNS_A_LANE = 5
CHUNK = 1_000


def key(name: str) -> Key:
    """Name a figure of this workload."""
    return Key(workload=NAME, subject=OURS, name=name)


def contenders(run: Run) -> list[Contender]:
    """List the lanes and the events."""
    return [
        Contender(subject=OURS, measure=partial(measure_lanes, run)),
        Contender(subject=OURS, measure=partial(measure_events, run)),
    ]


def measure_lanes(run: Run) -> Iterator[Figure]:
    """Drain as many runs from one lane, and from many that are all due."""
    from benchmarks.orders.workflows import bare

    for lanes in (1, run.sizes.lanes):
        run.server.fresh()
        runs = run.sizes.lanes * RUNS_A_LANE
        for lane in range(lanes):
            mine = range(lane, runs, lanes)
            bare.using(queue=f"lane {lane}").start_many([{"order": order} for order in mine])
        settle(run.server.url)
        drain(1)
        check(run.results, f"{NAME} {lanes} lanes", bare, Left().of(runs))
        name = "drain, one lane" if lanes == 1 else f"drain, {lanes:,} lanes"
        yield Figure(key=key(name), value=steady_rate(finish_times(bare)), unit="workflows/s")


SEND = """
SELECT pgworkflows.send_event(%(run)s::uuid, 'item', to_jsonb(n)) FROM generate_series(%(first)s::integer, %(last)s::integer) AS n
"""


def measure_events(run: Run) -> Iterator[Figure]:
    """Send one run its events before a worker comes, and let it take them one after another."""
    from benchmarks.orders.workflows import take_events

    run.server.fresh()
    events = run.sizes.events
    taker = take_events.start(order=1, events=events)
    began = time.perf_counter()
    for first in range(1, events + 1, CHUNK):
        rows(SEND, {"run": taker.id, "first": first, "last": min(first + CHUNK - 1, events)})
    yield Figure(key=key(f"sending, {events:,} events to one run"), value=events / (time.perf_counter() - began), unit="events/s")
    settle(run.server.url)
    began = time.perf_counter()
    drain(1)
    seconds = time.perf_counter() - began  # with the start of the process, which so many outlast
    taker.refresh_from_db()
    found = {"sum of what was taken": int(taker.result or 0)}
    run.results.check(f"{NAME} events", found, {"sum of what was taken": events * (events + 1) // 2})
    yield Figure(key=key(f"taking, {events:,} events of one run"), value=events / seconds, unit="events/s")
