"""The targets, each judged by the median of its rounds; a missed one is a finding, never a failure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.figures import OURS, Key, Results, Spread
from benchmarks.limits import psycopg_batched
from benchmarks.peers import PEERS, absurd, dbos, load, pgqueuer
from benchmarks.sizes import FULL, MANY_PROCESSES
from benchmarks.workloads import (
    w1_bare,
    w2_order,
    w2f_failures,
    w2n_empty_steps,
    w3_latency,
    w4_waiting,
    w5_outside,
    w6_hot_row,
    w7_growth,
)  # fmt: skip


class Outcome(enum.Enum):
    """What became of a target."""

    MET = "met"
    MISSED = "MISSED"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure, or its ratio to another one of the same round, and what it should at least (or at most) be.

    Of several figures the best counts, here and there.
    """

    what: str
    figure: Sequence[Key]
    over: Sequence[Key] = ()
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def wanted(self) -> str:
        """Write the bound as the table does."""
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {bound:,g}{self.unit}"

    def judge(self, results: Results) -> tuple[Spread | None, Outcome]:
        """Return what was measured, and whether that is enough."""
        least = self.at_most is not None
        figure = results.best(self.figure, least=least)
        measured = results.ratio(figure, results.best(self.over, least=least)) if self.over else results.spread(figure)
        if measured is None:
            return None, Outcome.NOT_MEASURED
        enough = self.at_least is None or measured.median >= self.at_least
        little = self.at_most is None or measured.median <= self.at_most
        return measured, Outcome.MET if enough and little else Outcome.MISSED


W2, W2_TWO = [w2_order.key(OURS)], [w2_order.key(OURS, 2)]
W1 = [w1_bare.key(w1_bare.DRAIN)]
HUNDRED_THOUSAND, MILLION = 100_000, 1_000_000
IN_FLIGHT = w5_outside.LONG_CALLS
W2_PEERS = (
    ("DBOS with exactly-once steps", dbos.EXACTLY_ONCE, 13, 30),
    ("Absurd", absurd.SUBJECT, 4, 6.5),
    ("PgQueuer, five chained jobs", pgqueuer.CHAINED, 1.4, 4),
)


def latencies(name: str) -> list[Key]:
    """Return that percentile of every peer in every setup."""
    setups = [setup for peer in PEERS for setup in load(peer).setups if setup.workload == w3_latency.NAME]
    return [w3_latency.key(name, setup.subject) for setup in setups]


def over_the_link(subject: str, processes: Sequence[int] = FULL.linked_processes) -> list[Key]:
    """Return the orders of one through a link, with each number of processes."""
    return [replace(w2_order.key(subject, count), workload="W2L") for count in processes]


TARGETS = [
    Target(
        what="W2 against plain Django, five creates in one atomic()",
        figure=W2, over=[w2_order.key(w2_order.DJANGO)], at_least=1.0,
    ),
    Target(
        what="W2 against plain Django, two processes each",
        figure=W2_TWO, over=[w2_order.key(w2_order.DJANGO, 2)], at_least=1.0,
    ),
    Target(
        what="W2 with one failing step in a hundred against plain Django without",
        figure=[w2f_failures.key()], over=[w2_order.key(w2_order.DJANGO)], at_least=0.95,
    ),
    *(
        Target(what=f"W2 against {peer}", figure=W2, over=[w2_order.key(subject)], at_least=one)
        for peer, subject, one, _ in W2_PEERS
    ),
    *(
        Target(what=f"W2 against {peer}, two processes each", figure=W2_TWO, over=[w2_order.key(subject, 2)], at_least=two)
        for peer, subject, _, two in W2_PEERS
    ),
    Target(
        what=f"W2 with {MANY_PROCESSES} processes against with two",
        figure=[w2_order.key(OURS, MANY_PROCESSES)], over=W2_TWO, at_least=0.85,
    ),
    Target(
        what="W2 through a link of 1 ms against plain Django, one process each",
        figure=over_the_link(OURS, [1]), over=over_the_link(w2_order.DJANGO, [1]), at_least=1.1,
    ),
    *(
        Target(
            what=f"W2 through a link of 1 ms against {peer}, each with its best number of processes",
            figure=over_the_link(OURS), over=over_the_link(subject), at_least=wanted,
        )
        for peer, subject, wanted in (("PgQueuer", pgqueuer.CHAINED, 1.5), ("DBOS", dbos.EXACTLY_ONCE, 15))
    ),
    Target(
        what="W2n steps as a share of psycopg's batched limit",
        figure=[w2n_empty_steps.key(OURS)], over=[w2n_empty_steps.key(psycopg_batched.SUBJECT)], at_least=0.22,
    ),
    Target(what="W1 drain against DBOS", figure=W1, over=[w1_bare.key(w1_bare.DRAIN, dbos.SUBJECT)], at_least=3),
    Target(
        what="W1 drain against PgQueuer in batches of 100",
        figure=W1, over=[w1_bare.key(w1_bare.DRAIN, pgqueuer.BATCHED)], at_least=0.8,
    ),
    Target(
        what="start() one by one against create() in atomic()",
        figure=[w1_bare.key(w1_bare.ONE_BY_ONE)], over=[w1_bare.key(w1_bare.ONE_BY_ONE, w1_bare.DJANGO)], at_least=0.85,
    ),
    Target(what="start_many()", figure=[w1_bare.key(w1_bare.IN_BULK)], at_least=45_000, unit="/s"),
    *(
        Target(what=f"W3 {name} against the best peer's", figure=[w3_latency.key(name)], over=latencies(name), at_most=0.8)
        for name in ("p50", "p95")
    ),
    Target(
        what="W4 1,000,000 waiting: memory of the worker",
        figure=[w4_waiting.key("memory", MILLION)], at_most=150, unit=" MiB",
    ),
    Target(
        what="W4 100,000 waiting: wake to finish",
        figure=[w4_waiting.key("finish", HUNDRED_THOUSAND)], at_least=4_500, unit="/s",
    ),
    Target(what="W5 def calls in flight in one process", figure=[w5_outside.key(IN_FLIGHT, "def")], at_least=100),
    Target(what="W5 async def calls in flight in one process", figure=[w5_outside.key(IN_FLIGHT, "async def")], at_least=1_000),
    Target(
        what="W6 hot row: two processes against one",
        figure=[w6_hot_row.key("orders", 2)], over=[w6_hot_row.key("orders")], at_least=0.9,
    ),
    Target(what="W6 hot row: deadlocks with two processes", figure=[w6_hot_row.key("deadlocks", 2)], at_most=0),
    Target(
        what="W7 millions finished and a backlog of 100,000, against an empty database",
        figure=[w7_growth.key(w7_growth.GROWN)], over=[w7_growth.key(w7_growth.EMPTY)], at_least=0.95,
    ),
    Target(
        what="W2 without history and guards against with them",
        figure=[w2_order.key(w2_order.UNGUARDED)], over=W2, at_most=1.15,
    ),
]  # fmt: skip
