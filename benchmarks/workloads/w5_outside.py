"""W5: one `atomic=False` step that sleeps, `def` and `async def`: the rate, and how many calls one process holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.drains import drained_rate
from benchmarks.engine import Left, value
from benchmarks.figures import OURS, Figure, Key
from benchmarks.run import Contender, Run

NAME = "W5"
CALL_SECONDS = 0.1
LONG_CALLS = "most in flight, long calls"
KINDS = ("def", "async def")
MOST_IN_FLIGHT = "SELECT max((result #>> '{}')::integer) FROM pgworkflows_task WHERE kind = 'STEP'"


def key(name: str, kind: str, processes: int = 1) -> Key:
    """Name a figure of one kind of step."""
    return Key(workload=NAME, subject=OURS, name=f"{kind}: {name}", processes=processes)


def contenders(run: Run) -> list[Contender]:
    """List both kinds with short calls, and with calls so long that they pile up."""
    short = [
        Contender(subject=OURS, processes=processes, measure=partial(measure_rate, run, kind, processes))
        for kind in KINDS
        for processes in run.processes
    ]
    return short + [Contender(subject=OURS, measure=partial(measure_capacity, run, kind)) for kind in KINDS]


def measure_rate(run: Run, kind: str, processes: int) -> Iterator[Figure]:
    """Make calls of 100 ms."""
    rate, most = make_calls(run, kind, run.sizes.outside, CALL_SECONDS, processes)
    yield Figure(key=key("workflows", kind, processes), value=rate, unit="workflows/s")
    yield Figure(key=key("most in flight", kind, processes), value=most, unit="calls")


def measure_capacity(run: Run, kind: str) -> Iterator[Figure]:
    """Make calls that last long enough for one process to take up as many as it holds."""
    calls = run.sizes.long_calls if kind == "def" else run.sizes.long_async_calls
    _, most = make_calls(run, kind, calls, run.sizes.long_call_seconds, 1)
    yield Figure(key=key(LONG_CALLS, kind), value=most, unit="calls")


def make_calls(run: Run, kind: str, calls: int, seconds: float, processes: int) -> tuple[float, int]:
    """Drain so many workflows with one call each; return workflows a second and the most calls in flight."""
    from benchmarks.orders import workflows

    workflow: Any = workflows.outside_def if kind == "def" else workflows.outside_async
    wanted = [{"order": order, "seconds": seconds} for order in range(calls)]
    run.server.fresh()
    left = Left(tasks=1, history=5)
    rate = drained_rate(run, f"{NAME} {kind}", workflow, wanted, processes=processes, left=left)
    return rate, int(value(MOST_IN_FLIGHT))
