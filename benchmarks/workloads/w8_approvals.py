"""W8: approvals, decided one by one from Python and in bulk from SQL; and what they let go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.drains import steady_rate
from benchmarks.engine import Left, check, finish_times, load_backlog, rows
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run
from benchmarks.server import settle
from benchmarks.subprocesses import drain

NAME = "W8"
PERSON = "maria"
CHUNK = 100


def key(name: str, processes: int = 1) -> Key:
    """Name a figure of this workload."""
    return Key(workload=NAME, subject=OURS, name=name, processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List the engine with each number of processes."""
    return [Contender(subject=OURS, processes=count, measure=partial(measure_engine, run, count)) for count in run.processes]


def measure_engine(run: Run, processes: int) -> Iterator[Figure]:
    """Let many ask, decide one half one by one and the other in bulk, and let all end."""
    from benchmarks.orders.workflows import ask
    from pgworkflows.models import Approval

    asked = run.sizes.approvals
    run.server.fresh()
    person = employ()
    load_backlog(ask, asked)
    drain(processes)
    waiting = list(Approval.objects.pending().order_by("id"))
    run.results.check(f"{NAME} {OURS}", {"pending approvals": len(waiting)}, {"pending approvals": asked})
    half = len(waiting) // 2
    single = decided("one by one", half, lambda: decide_one_by_one(waiting[:half], person))
    bulk = decided("in bulk, from SQL", asked - half, lambda: decide_from_sql([approval.pk for approval in waiting[half:]]))
    if processes == run.processes[0]:  # no worker runs meanwhile
        yield from (single, bulk)
    settle(run.server.url)
    drain(processes)
    check(run.results, f"{NAME} {OURS}, {processes} process(es)", ask, Left(tasks=1, history=11).of(asked))
    yield Figure(key=key("finish", processes), value=steady_rate(finish_times(ask)), unit="workflows/s")


def employ() -> Any:
    """Create the person who decides, in the group that is asked."""
    from django.contrib.auth.models import Group, User

    from benchmarks.orders.workflows import MANAGERS

    person = User.objects.create_user(PERSON)
    person.groups.add(Group.objects.create(name=MANAGERS))
    return person


def decided(name: str, decisions: int, decide: Callable[[], object]) -> Figure:
    """Decide, by the clock around it."""
    began = time.perf_counter()
    decide()
    return Figure(key=key(name), value=decisions / (time.perf_counter() - began), unit="decisions/s")


def decide_one_by_one(approvals: list[Any], person: Any) -> None:
    """Decide as the admin would, a transaction each."""
    for approval in approvals:
        approval.approve(by=person)


DECIDE = "SELECT pgworkflows.decide(id, %(person)s, 'approve') FROM unnest(%(ids)s::bigint[]) AS id"


def decide_from_sql(ids: list[int]) -> None:
    """Decide with the SQL function, a hundred to a transaction."""
    for first in range(0, len(ids), CHUNK):
        rows(DECIDE, {"person": PERSON, "ids": ids[first : first + CHUNK]})
