"""A step that kills its worker every time."""

from __future__ import annotations

from ..postgres import DATABASE
from ..processes import Fleet
from ..proof import Run
from .kill import heirs

FAULT = "a step that kills its worker every time"
MOST_DEATHS = 20


def prove(run: Run) -> None:
    """Start one such workflow among others: it is blocked, names its step, and the others end as they should."""
    from pgworkflows.models import Workflow

    from ..workflows import poison

    starts = run.plan()
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        workers.keep(2)
        run.driver.start(starts[: len(starts) // 2])
        poison.start()
        run.driver.start(starts[len(starts) // 2 :])
        blocked = Workflow.objects.filter(name="proofs.poison", status="BLOCKED")
        while not blocked.exists() and run.outcome.injected.get("deaths", 0) <= MOST_DEATHS:
            run.driver.answer()
            replace(run, workers)
        told = [(row.error or {}).get("message", "") for row in blocked]
        if len(told) != 1 or "Step proofs.deadly " not in told[0] or "times in a row" not in told[0]:
            run.outcome.problems.append(
                f"not_blocked 1: after {run.outcome.injected.get('deaths', 0)} deaths this is blocked: {told}"
            )
            return
        blocked.get().cancel("shown", compensate=False)
        run.drain(lambda: replace(run, workers))
        run.count(starts)
    run.require("deaths", 5)


def replace(run: Run, workers: Fleet) -> None:
    """Give the dead successors, as a supervisor does."""
    before = list(workers.workers)
    for dead in [worker for worker in before if worker not in workers.alive()]:
        run.injected("deaths")
        workers.fork(heirs(dead))
