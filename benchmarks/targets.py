"""The targets, each judged by the median of its rounds; a missed one is a finding, never a failure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from benchmarks.figures import OURS, Key, Results, Spread
from benchmarks.limits import psycopg_batched
from benchmarks.peers import absurd, dbos, pgqueuer
from benchmarks.workloads import w1_bare, w2_order, w2n_empty_steps, w3_latency, w4_waiting, w5_outside, w6_hot_row, w7_growth


class Outcome(enum.Enum):
    """What became of a target."""

    MET = "met"
    MISSED = "MISSED"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure, or its ratio to another one of the same round, and what it should at least (or at most) be."""

    what: str
    figure: Key
    over: Key | None = None
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
        measured = results.ratio(self.figure, self.over) if self.over else results.spread(self.figure)
        if measured is None:
            return None, Outcome.NOT_MEASURED
        enough = self.at_least is None or measured.median >= self.at_least
        little = self.at_most is None or measured.median <= self.at_most
        return measured, Outcome.MET if enough and little else Outcome.MISSED


W2 = w2_order.key(OURS)
W1 = w1_bare.key(w1_bare.DRAIN)
LARGEST = 100_000
IN_FLIGHT = w5_outside.LONG_CALLS

TARGETS = [
    Target(
        what="W2 against plain Django, five creates in one atomic()",
        figure=W2, over=w2_order.key(w2_order.DJANGO), at_least=1.0,
    ),
    Target(what="W2 against DBOS with exactly-once steps", figure=W2, over=w2_order.key(dbos.EXACTLY_ONCE), at_least=12),
    Target(what="W2 against Absurd", figure=W2, over=w2_order.key(absurd.SUBJECT), at_least=6),
    Target(what="W2 against PgQueuer, five chained jobs", figure=W2, over=w2_order.key(pgqueuer.CHAINED), at_least=1.5),
    Target(
        what="W2n steps as a share of psycopg's batched limit",
        figure=w2n_empty_steps.key(OURS), over=w2n_empty_steps.key(psycopg_batched.SUBJECT), at_least=0.2,
    ),
    Target(what="W1 drain against DBOS", figure=W1, over=w1_bare.key(w1_bare.DRAIN, dbos.SUBJECT), at_least=3),
    Target(
        what="W1 drain against PgQueuer in batches of 100",
        figure=W1, over=w1_bare.key(w1_bare.DRAIN, pgqueuer.BATCHED), at_least=0.4,
    ),
    Target(
        what="start() one by one against create() in atomic()",
        figure=w1_bare.key(w1_bare.ONE_BY_ONE), over=w1_bare.key(w1_bare.ONE_BY_ONE, w1_bare.DJANGO), at_least=0.6,
    ),
    Target(what="start_many()", figure=w1_bare.key(w1_bare.IN_BULK), at_least=20_000, unit="/s"),
    Target(what="W3 p50", figure=w3_latency.key("p50"), at_most=5, unit=" ms"),
    Target(what="W3 p95", figure=w3_latency.key("p95"), at_most=15, unit=" ms"),
    Target(what="W4 100,000 waiting: memory of the worker", figure=w4_waiting.key("memory", LARGEST), at_most=150, unit=" MiB"),
    Target(what="W4 100,000 waiting: wake to finish", figure=w4_waiting.key("finish", LARGEST), at_least=3_000, unit="/s"),
    Target(what="W5 def calls in flight in one process", figure=w5_outside.key(IN_FLIGHT, "def"), at_least=100),
    Target(what="W5 async def calls in flight in one process", figure=w5_outside.key(IN_FLIGHT, "async def"), at_least=1_000),
    Target(
        what="W6 hot row: two processes against one",
        figure=w6_hot_row.key("orders", 2), over=w6_hot_row.key("orders"), at_least=0.9,
    ),
    Target(what="W6 hot row: deadlocks with two processes", figure=w6_hot_row.key("deadlocks", 2), at_most=0),
    Target(
        what="W7 a million finished and a backlog of 100,000, against an empty database",
        figure=w7_growth.key(w7_growth.GROWN), over=w7_growth.key(w7_growth.EMPTY), at_least=0.9,
    ),
    Target(what="W2 two processes against one", figure=w2_order.key(OURS, 2), over=W2, at_least=1.4),
    Target(
        what="W2 without history and guards against with them",
        figure=w2_order.key(w2_order.UNGUARDED), over=W2, at_most=1.15,
    ),
]  # fmt: skip
