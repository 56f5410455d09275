"""What a reader looks for: this engine beside the others, each in the best of its setups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.figures import OURS, Results, Spread
from benchmarks.report import number
from benchmarks.workloads import w1_bare, w2_order

#: How a contender is shown, how the names of its setups begin, and what it promises of a step's rows.
ROWS = (
    (OURS, OURS, "exactly once"),
    (w2_order.DJANGO, w2_order.DJANGO, "a loop; nothing survives a crash"),
    ("DBOS", "DBOS", "exactly once; at least once with plain steps"),
    ("Absurd", "Absurd", "at least once"),
    ("PgQueuer", "PgQueuer", "at least once; a chain of jobs"),
    ("Procrastinate", "Procrastinate", "at least once; a chain of jobs"),
    ("Oban", "Oban", "at least once; a chain of jobs"),
    ("django-tasks-db", "django-tasks-db", "at least once; a chain of jobs"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A figure, with so many processes, or with whatever number is best."""

    heading: str
    workload: str
    name: str
    processes: int | None = 1
    less_is_better: bool = False

    def best(self, results: Results, prefix: str) -> Spread | None:
        """Return the best that one reaches; ours never without its guards."""
        keys = [
            key for key in results.rounds
            if (key.workload, key.name) == (self.workload, self.name) and self.processes in (None, key.processes)
            and key.subject != w2_order.UNGUARDED and key.subject.startswith(prefix)
        ]  # fmt: skip
        return results.spread(results.best(keys, least=self.less_is_better)) if keys else None


COLUMNS = (
    Column(heading="orders of five steps, a second", workload="W2", name="orders"),
    Column(heading="with two processes", workload="W2", name="orders", processes=2),
    Column(heading="through a link of 1 ms, best of 1, 4, 8", workload="W2L", name="orders", processes=None),
    Column(heading="ms from commit to completion", workload="W3", name="p50", less_is_better=True),
    Column(heading="empty workflows, a second", workload="W1", name=w1_bare.DRAIN),
    Column(heading="started one by one, a second", workload="W1", name=w1_bare.ONE_BY_ONE),
    Column(heading="started in bulk, a second", workload="W1", name=w1_bare.IN_BULK),
)
HEADINGS = ("", "a step's rows", *(column.heading for column in COLUMNS))


def lines(results: Results) -> Iterator[Sequence[str]]:
    """Write a line for each that has any figure."""
    for shown, prefix, promise in ROWS:
        found = [column.best(results, prefix) for column in COLUMNS]
        if any(found):
            yield shown, promise, *(number(spread.median) if spread else "" for spread in found)
