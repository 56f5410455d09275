"""A rolling upgrade: old and new code side by side, old runs under way, a new version of the definition."""

from __future__ import annotations

import signal
from dataclasses import replace

from ..plan import Start
from ..postgres import DATABASE, ask
from ..processes import Fleet, WorkerProcess, until
from ..proof import Run

FAULT = "rolling upgrade with a new version of a definition"
KNOWN = "SELECT count(*) FROM pgworkflows_workflowdefinition WHERE name = 'proofs.program' AND version = 2"


def prove(run: Run) -> None:
    """Replace the workers one by one, in good order, in the middle of old runs; new runs take the new version."""
    half = run.workflows // 2
    old = run.plan(workflows=half)
    new = [in_sql(start) for start in run.plan(workflows=half, first=half, version=2)]
    with run.server() as server, run.fleet(server.url(DATABASE)) as workers:
        first = [workers.execute(environment={"PROOFS_RELEASE": "1"}) for _ in range(2)]
        run.driver.start(old)
        run.drain(until=half // 4)
        under_way = run.driver.unfinished()
        run.injected("old runs under way", under_way)
        workers.execute(environment={"PROOFS_RELEASE": "2"})
        until(lambda: ask(server.url(DATABASE), KNOWN)[0][0], 20, "the new version is known to the database")
        run.driver.start(new)
        run.drain(until=run.driver.finished() + half // 4)
        for worker in first:
            upgrade(run, workers, worker)
            run.drain(until=run.driver.finished() + half // 8)
        run.drain()
        run.count(old + new, loses_calls=False)
    run.require("workers upgraded", 2)
    run.require("old runs under way", 1)


def in_sql(start: Start) -> Start:
    """Have SQL start it, which takes the highest version that the database knows."""
    how = "undone" if start.how == "undone" else "sql"
    return replace(start, how=how, version=2, priority=0)


def upgrade(run: Run, workers: Fleet, worker: WorkerProcess) -> None:
    """Let an old worker finish what it runs, and start a new one."""
    worker.send(signal.SIGTERM)

    def ended() -> bool:
        run.driver.answer()
        return not worker.alive()

    until(ended, 30, "a worker that was told to stop has ended")
    if worker.process is None or worker.process.returncode != 0:
        run.outcome.problems.append("an old worker did not end in good order")
    workers.execute(environment={"PROOFS_RELEASE": "2"})
    run.injected("workers upgraded")
