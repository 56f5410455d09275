"""The targets, each judged by the median of its rounds; a missed one is a finding, never a failure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from benchmarks.figures import OURS, Key, Results, Spread
from benchmarks.limits import psycopg_batched
from benchmarks.workloads.w2_order import DJANGO, UNGUARDED


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


def _w2(subject: str, processes: int = 1) -> Key:
    return Key(workload="W2", subject=subject, name="orders", processes=processes)


TARGETS = [
    Target(what="W2 against plain Django, five creates in one atomic()", figure=_w2(OURS), over=_w2(DJANGO), at_least=1.0),
    Target(what="W2 two processes against one", figure=_w2(OURS, 2), over=_w2(OURS), at_least=1.4),
    Target(what="W2 without history and guards against with them", figure=_w2(UNGUARDED), over=_w2(OURS), at_most=1.15),
]
