"""Draining a backlog of ours, and rates from the finish times in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.engine import Left, check, finish_times, load_backlog
from benchmarks.run import Run
from benchmarks.server import settle
from benchmarks.subprocesses import drain

#: The share of a backlog that counts as warming up: processes start, batches and caches grow.
WARM_UP = 0.2


def steady_rate(finished: Sequence[float]) -> float:
    """Return finishes a second after the first fifth; times are seconds in any order.

    Those that share the time of the cut (a batch commits at once) are counted before it.
    """
    if not finished:
        return 0.0
    times = sorted(finished)
    cut = times[int(len(times) * WARM_UP)]
    after = sum(time > cut for time in times)
    if not after:
        return len(times) / max(times[-1] - times[0], 0.001)
    return after / (times[-1] - cut)


def drained_rate(
    run: Run, what: str, workflow: Any, calls: Iterable[Mapping[str, Any]] | int, *, processes: int, left: Left
) -> float:
    """Load a backlog, drain it with worker processes, check what it left, and return workflows a second."""
    ids = load_backlog(workflow, calls)
    settle(run.server.url)
    drain(processes, env=run.worker_env())
    check(run.results, f"{what}, {processes} process(es)", workflow, left.of(len(ids)))
    return steady_rate(finish_times(workflow))
