"""W4: many workflows that wait for an event: what they cost while they wait, and how fast they end once it is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.engine import Left, check, load_backlog, rows, value
from benchmarks.figures import OURS, Figure, Key
from benchmarks.patience import LONGEST, wait_until
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import Workers, running_workers

NAME = "W4"
CHUNK = 1_000
MANY = 10_000
#: Workflows a second; slower, and it stands still.
SLOWEST = 300


def key(name: str, waiting: int, subject: str = OURS, processes: int = 1) -> Key:
    """Name a figure for so many that wait."""
    return Key(workload=NAME, subject=subject, name=f"{name}, {waiting:,} waiting", processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the engine with each number of workflows and of processes."""
    return [
        Contender(
            subject=OURS,
            processes=processes,
            once=waiting > MANY and (processes != run.processes[0] or waiting > 10 * MANY),
            measure=partial(measure_engine, run, waiting, processes),
        )
        for waiting in run.sizes.waiting
        for processes in (run.processes if waiting <= 10 * MANY else run.processes[:1])
    ]


def measure_engine(run: Run, waiting: int, processes: int) -> Iterator[Figure]:
    """Let them all wait, look at the workers, send each its event from SQL, and wait for the last to end."""
    from benchmarks.orders.workflows import wait_for_go

    run.server.fresh()
    ids = load_backlog(wait_for_go, waiting)
    settle(run.server.url)
    with running_workers(processes) as workers:
        wait_until(lambda: not value(RUNNABLE), f"{waiting} workflows to wait", workers.check, standing, longest=longest(waiting))
        yield Figure(key=key("memory", waiting, processes=processes), value=workers.largest_mib(), unit="MiB a worker")
        began = time.perf_counter()
        send_all(ids)
        rate = waiting / (time.perf_counter() - began)
        yield Figure(key=key("sending", waiting, processes=processes), value=rate, unit="events/s")
        yield from figures_of_the_end(workers, waiting, processes)
    left = Left(tasks=1, history=5)
    check(run.results, f"{NAME} {OURS}, {processes} process(es)", wait_for_go, left.of(waiting))


def longest(waiting: int) -> float:
    """Return for how many seconds there is sense in waiting for so many."""
    return max(LONGEST, waiting / SLOWEST)


SEND = "SELECT pgworkflows.send_event(id, 'go', '{\"ok\": true}') FROM unnest(%(ids)s::uuid[]) AS id"


def send_all(ids: list[Any]) -> None:
    """Send each its event with the SQL function, a thousand to a transaction."""
    for first in range(0, len(ids), CHUNK):
        rows(SEND, {"ids": ids[first : first + CHUNK]})


# Both are found by an index, so that looking takes nothing from the workers.
RUNNABLE = "SELECT EXISTS (SELECT FROM pgworkflows_workflow WHERE available_at IS NOT NULL)"
UNFINISHED = "SELECT EXISTS (SELECT FROM pgworkflows_workflow WHERE finished_at IS NULL AND status <> 'BLOCKED')"
STANDING = """
SELECT (SELECT string_agg(format('%s %s %s', count, status, CASE WHEN due THEN 'due' END), ', ') FROM (
    SELECT count(*), status, available_at <= pgworkflows.now() AS due FROM pgworkflows_workflow GROUP BY 2, 3) s),
  (SELECT format('%s events undelivered, %s not taken', count(*) FILTER (WHERE delivered_at IS NULL),
                 count(*) FILTER (WHERE task_id IS NULL)) FROM pgworkflows_event),
  (SELECT string_agg(format('%s last seen %s, stopped %s', name, beat_at, stopped_at), '; ') FROM pgworkflows_worker),
  pgworkflows.now()
"""


def standing() -> str:
    """Say how workflows, events and workers stand: what one has to know of workflows that do not end."""
    return "; ".join(str(part) for part in rows(STANDING)[0])


SPAN = """
SELECT extract(epoch FROM max(w.finished_at) - min(e.sent_at))::double precision
FROM pgworkflows_workflow w JOIN pgworkflows_event e ON e.workflow_id = w.id
"""


def figures_of_the_end(workers: Workers, waiting: int, processes: int) -> Iterator[Figure]:
    """Wait for the last; the rate is from the first event's time in the database to the last end."""
    wait_until(lambda: not value(UNFINISHED), "all to end", workers.check, standing, longest=longest(waiting))
    memory = workers.largest_mib()
    yield Figure(key=key("memory at the end", waiting, processes=processes), value=memory, unit="MiB a worker")
    yield Figure(key=key("finish", waiting, processes=processes), value=waiting / value(SPAN), unit="workflows/s")
