"""The order of work: what a worker does next. One rule, for workers and for the testing helper."""

from __future__ import annotations

import enum
import time
import uuid
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Protocol

import psycopg

from ..store import claims, events, owned, queues
from ..store.claims import CallKey
from ..telemetry import points
from .batch import run_batch
from .batch_state import Report
from .engine import Engine
from .outside import OutsideCall, OutsideResult
from .pacing import Pacing

#: How long a workflow that lost its transaction here, or was not to be had, is looked for here.
ASIDE_SECONDS = 3.0


class Takes(enum.StrEnum):
    """What a process takes up: the suspects are the workflows that were tried in vain."""

    QUEUE = "queue"
    SUSPECTS = "suspects"
    BOTH = "both"


class Outside(Protocol):
    """Whoever makes the outside calls. Its length counts the calls in flight and the results not yet taken."""

    def __len__(self) -> int: ...

    def submit(self, call: OutsideCall) -> None:
        """Begin a call."""

    def take_results(self) -> Iterable[OutsideResult]:
        """Take the results that have come back."""

    def has_results(self) -> bool:
        """Whether `take_results` would give any."""

    def flies(self, call: CallKey) -> bool:
        """Whether the call is in flight, or its result is not yet taken."""

    def calls(self) -> set[CallKey]:
        """Name the calls that are in flight, or whose result is not yet taken."""

    def has_room(self) -> bool:
        """Whether another call could begin at once."""

    def hand_back(self) -> None:
        """Let others have the calls that have not begun."""


class Agenda:
    """What a worker has to do: what batches have left for it, and, when that is done, what is in the queue.

    First comes, in turn with all else, what must run alone. Then: the results of outside calls, what lost its transaction
    here, the suspects where this worker takes them and any are due, and last the queue; a worker on probation tries what
    is in the queue one at a time. A worker that is to stop begins nothing of the last two.
    """

    def __init__(self, engine: Engine, outside: Outside, pacing: Pacing, *, takes: Takes = Takes.BOTH) -> None:
        self.engine, self.outside, self.pacing, self.takes = engine, outside, pacing, takes
        engine.flies = outside.flies
        #: Workflows to run next, each in a batch of its own, and whether it is the turn of one of them.
        self.alone: list[uuid.UUID] = []
        self._alones_turn = False
        #: Workflows that lost their transaction here, or could not be locked, and until when they are tried here.
        self.aside: dict[uuid.UUID, float] = {}
        #: Whether suspects are due; one that takes them alone does not ask.
        self.suspects_due = False
        #: Whether the one that is tried by itself has a call in flight: nothing else is begun.
        self.trying_one = False
        #: Whether a COMMIT may have gone through without its answer.
        self.unsure = False

    def step(self) -> bool:
        """Do what comes first, and what follows from it; return whether there was anything to do."""
        return self.take_up(self.run_next())

    def has_in_hand(self) -> bool:
        """Whether an outside call is in flight, or a result of one not yet committed."""
        return bool(len(self.outside) or self.engine.results)

    def take_up(self, report: Report | None) -> bool:
        """Take up what a batch has left to do, and deliver what events there may be; return whether there was anything."""
        busy = report is not None and self._follow(report)
        delivered = events.deliver() if report is None or report.undelivered else 0
        return busy or bool(self.alone) or delivered > 0

    def _follow(self, report: Report) -> bool:
        self.unsure |= bool(report.lost)
        self.alone.extend(report.alone)
        self.aside |= dict.fromkeys(report.aside, time.monotonic() + ASIDE_SECONDS)
        for call in report.calls:
            points.call.emit(worker=self.engine.name, call=call)
            self.outside.submit(call)
        return bool(report.claimed or self.outside.has_results())

    def run_next(self) -> Report | None:
        """Run a batch of what comes first; None where there is nothing that may begin."""
        if self.unsure:
            self._release_unaccounted()
        for result in self.outside.take_results():
            self.engine.results[result.key] = result
        if self.alone:
            self._alones_turn = not self._alones_turn
            if self._alones_turn:
                return self._run_alone(self.alone.pop(0))
        if self.engine.results:
            return self._run_results()
        if self.engine.listening and (woken := self._run_woken()).claimed:
            return woken
        if self.aside and (tried := self._run_aside()):
            return tried
        return self._begin() if self._may_begin() else None

    def _release_unaccounted(self) -> None:
        """Make runnable what the database says is ours although no call or result of it is in hand."""
        in_hand = self.outside.calls() | self.engine.results.keys()
        queues.release_unaccounted(self.engine.worker_id, in_hand, by=self.engine.name)
        self.unsure = False

    def _may_begin(self) -> bool:
        """Whether something may begin that was not in hand."""
        self.trying_one &= len(self.outside) > 0
        if self.engine.stopping:
            self.outside.hand_back()
        return not self.engine.stopping and not self.trying_one and self.outside.has_room()

    def _begin(self) -> Report | None:
        if self._tries_suspects():
            return self._run_suspects()
        if self.pacing.probation_left:
            return self._try_one()
        report = run_batch(self.engine, lambda execute: claims.claim(execute, self.engine.known, self.pacing.size))
        self.pacing.learn(report, self.engine.batch_seconds)
        return report

    def _run_alone(self, workflow: uuid.UUID) -> Report:
        """Run one workflow in a transaction of its own; with its result, if that is in hand."""
        engine = self.engine
        if any(call.workflow == workflow for call in self.outside.calls() | engine.results.keys()):
            return run_batch(engine, lambda execute: owned.claim_mine(execute, workflow, engine.worker_id), alone=True)
        return run_batch(engine, lambda execute: claims.claim_these(execute, [workflow]), alone=True)

    def _run_woken(self) -> Report:
        """Go on with workflows that have calls in flight here, and were woken by something else."""
        return run_batch(self.engine, lambda execute: owned.claim_woken(execute, self.engine.worker_id))

    def _run_results(self) -> Report:
        """Go on with the workflows whose outside calls came back; forget results for which others answer by now.

        After a transaction was lost they go on alone; the results in hand are kept, not called for again.
        """
        workflows = set(islice(dict.fromkeys(call.workflow for call in self.engine.results), self.pacing.largest))
        calls = {call for call in self.engine.results if call.workflow in workflows}
        worker = self.engine.worker_id
        report = run_batch(self.engine, lambda execute: claims.claim_owned(execute, calls, worker))
        left = self.engine.results.keys() & calls
        if left and not report.lost:
            for call in left - queues.still_owned(left, worker):
                del self.engine.results[call]
        return report

    def _tries_suspects(self) -> bool:
        """Whether suspects come before the queue: always in their own process; without a supervisor that starts one, when due."""
        return self.takes == Takes.SUSPECTS or (self.takes == Takes.BOTH and self.suspects_due)

    def _run_suspects(self) -> Report | None:
        """Try what was in hand when a worker died: together at first, then one at a time with nothing else in hand."""
        known, most = self.engine.known, self.pacing.largest
        report = run_batch(self.engine, lambda execute: claims.claim_suspects(execute, known, claims.TOGETHER, most), apart=True)
        if report.claimed or len(self.outside):
            return report
        one = self._try_one(suspects=True)
        self.trying_one = one is not None and bool(one.calls)
        self.suspects_due &= one is not None
        return one

    def _run_aside(self) -> Report | None:
        """Try again, when it is due, one that lost its transaction here: that ends no process, and needs none of its own."""
        now = time.monotonic()
        self.aside = {workflow: until for workflow, until in self.aside.items() if until > now}
        return self._try_one(suspects=True, ids=list(self.aside))

    def _try_one(self, *, suspects: bool = False, ids: list[uuid.UUID] | None = None) -> Report | None:
        """Commit that a workflow is about to be tried, then run it alone."""
        held = queues.choose_one(self.engine.known, self.engine.worker_id, suspects=suspects, ids=ids)
        if held is None:
            return None
        if held[0] in self.aside:
            self.aside[held[0]] = time.monotonic() + ASIDE_SECONDS
        report = self._run_held(*held, suspects)
        if not (report.claimed or report.lost):
            queues.uncount(held[0])
        if report.lost:
            self.unsure = True
            if self.engine.charged(held[0]):  # known here only, and it is still held back for us
                report = self._run_held(*held, suspects)
        if report.advanced and self.pacing.probation_left:
            self.pacing.probation_left -= 1
        return report

    def _run_held(self, workflow: uuid.UUID, held: datetime, suspects: bool) -> Report:
        try:
            return run_batch(self.engine, lambda execute: claims.claim_held(execute, workflow, held), alone=True, apart=suspects)
        except psycopg.errors.LockNotAvailable:
            self.aside[workflow] = time.monotonic() + ASIDE_SECONDS
            return Report()
