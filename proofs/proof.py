"""What every proof shares: its server, its fleet, its plan, and what it reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from . import breaking
from .counting import Count, Counts
from .driver import Driver, persist
from .plan import Plan, Start
from .postgres import DATABASE, NO_OPTIONS, Servers, ask, use
from .processes import NOTHING, Fleet, ProofError, fleet, until
from .reading import Reading, tell

#: Without any workflow that ends or is answered for this long, what is left is an orphan.
PATIENCE, PATIENCE_WITH_SWITCH = 45.0, 12.0
#: What an orphan may wait for: the sessions that have a transaction open, and the rows themselves.
SESSIONS = """
SELECT pid, state, wait_event, age(clock_timestamp(), xact_start)::text, pg_blocking_pids(pid)::text, left(query, 160)
FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""
ORPHANS = """
SELECT id, status, (available_at - clock_timestamp())::text, crashes, owner_id, waiting_for::text
FROM pgworkflows_workflow WHERE finished_at IS NULL LIMIT 10
"""
WORKERS_WROTE = "SELECT count(*) FROM pgworkflows_history WHERE channel = 'worker'"


@dataclass(slots=True)
class Outcome:
    """What one proof found."""

    name: str
    fault: str
    counts: Counts | None = None
    #: How often the fault was injected, by what it was.
    injected: dict[str, int] = field(default_factory=dict)
    #: Further figures, by name.
    measured: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    details: str = ""
    seconds: float = 0.0
    skipped: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong and the fault did happen."""
        return not self.problems


def _standstill() -> str:
    """Tell what the server does while nothing moves."""
    with connection.cursor() as cursor:
        told = []
        for statement in (SESSIONS, ORPHANS):
            cursor.execute(statement)
            told += [" | ".join(map(str, row)) for row in cursor.fetchall()]
    return "\n".join(["nothing moved any more:", *told, ""])


@dataclass(slots=True)
class Run:
    """One proof under way."""

    name: str
    seed: int
    workflows: int
    quick: bool
    servers: Servers
    options: dict[str, Any] = field(default_factory=dict)
    switch: str = ""
    driver: Driver = field(default_factory=Driver)
    outcome: Outcome = field(default_factory=lambda: Outcome("", ""))

    @property
    def folder(self) -> Path:
        """The folder of this proof's ledger and logs."""
        made = self.servers.folder / f"{self.name}.files"
        made.mkdir(exist_ok=True)
        return made

    def plan(self, **options: Any) -> list[Start]:
        """Make the plan of this run's seed and size."""
        return Plan(**{"seed": self.seed, "workflows": self.workflows, **options}).starts()

    @contextmanager
    def server(self, options: Mapping[str, str] = NO_OPTIONS, data_dir: Path | None = None) -> Iterator[Any]:
        """Run this proof's server, with Django on it, and what its switch takes out of the database taken out."""
        with self.servers.server(self.name, options, data_dir) as server:
            use(server.url(DATABASE))
            if self.switch and breaking.SWITCHES[self.switch].ddl:
                ask(server.url(DATABASE), breaking.SWITCHES[self.switch].ddl)
            yield server

    @contextmanager
    def fleet(self, url: str, environment: Mapping[str, str] = NOTHING) -> Iterator[Fleet]:
        """Keep this proof's workers."""
        with fleet(url, self.folder, {"PROOFS_BREAK": self.switch, **environment}) as workers:
            yield workers

    def injected(self, what: str, times: int = 1) -> None:
        """Count a fault that happened."""
        self.outcome.injected[what] = self.outcome.injected.get(what, 0) + times

    def drain(self, meanwhile: Callable[[], Any] = lambda: None, *, pause: float = 0.05, until: int | None = None) -> None:
        """Answer waits, and do what else there is, until nothing is unfinished or nothing moves any more.

        With `until`, stop as soon as that many have ended.
        """
        moved_at, last = time.monotonic(), -1
        patience = PATIENCE_WITH_SWITCH if self.switch else PATIENCE
        while True:
            finished, unfinished = self.driver.finished(), self.driver.unfinished()
            answered = self.driver.answer()  # which may reopen what had failed
            if (until is not None and finished >= until) or not (unfinished or answered):
                return
            if answered or finished != last:
                moved_at, last = time.monotonic(), finished
            if time.monotonic() - moved_at > patience:
                self.outcome.details += persist(_standstill)
                return
            meanwhile()
            time.sleep(pause)

    def wait_for_workers(self, url: str) -> None:
        """Return once a worker has committed something that was not there before."""
        before = ask(url, WORKERS_WROTE)[0][0]

        def committed() -> bool:
            self.driver.answer()
            return bool(ask(url, WORKERS_WROTE)[0][0] > before)

        until(committed, 60, "a worker commits again")

    def count(self, starts: list[Start], **how: bool) -> Counts:
        """Count what came of the plan, and note what is wrong; `how` is as for `Count`."""
        reading = Reading(self.folder / "ledger")
        counts = Count(reading, **how).all(starts)
        self.outcome.counts = counts
        self.outcome.problems += counts.wrong()
        if counts.differences:
            numbers = list(dict.fromkeys(number for number, _, _ in counts.differences))
            shown = [f"{n}/{prefix}: {what}" for n, prefix, what in counts.differences[:20]]
            self.outcome.details += "\n".join([*shown, *(tell(starts, number, reading) for number in numbers[:2])])
        return counts

    def count_left_unpruned(self, left: int) -> None:
        """Note how many workflows are there that a prune should have removed."""
        if left:
            self.outcome.problems.append(f"left_unpruned {left}")

    def require(self, what: str, least: int) -> None:
        """Fail unless the fault happened at least so often."""
        happened = self.outcome.injected.get(what, 0)
        if happened < least:
            self.outcome.problems.append(f"the fault did not happen: {what} {happened} times, at least {least} wanted")


__all__ = ["Outcome", "ProofError", "Run"]
