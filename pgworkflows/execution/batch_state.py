"""What the workflows of one batch share, and what came of it."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..definitions.step import Step
from ..models.workflow_row import ClaimedWorkflow
from ..store import claims
from ..store.claims import Claim
from .engine import Engine
from .outside import OutsideCall, OutsideResult
from .transaction import FusedTransaction

Source = Callable[[Callable[..., Any]], Claim]

#: A batch may last this many times its budget of CPU by the clock.
WALL = 3
#: What happens within so many seconds happens at one moment: short steps share it.
MOMENT = 0.0001


@dataclass(slots=True)
class Report:
    """What a batch did, for the worker to go on from."""

    claimed: int = 0
    advanced: int = 0
    finished: int = 0
    calls: list[OutsideCall] = field(default_factory=list)
    #: Workflows to run next, each in a batch of its own.
    alone: list[uuid.UUID] = field(default_factory=list)
    #: Workflows that were set aside: they lost their transaction although it was theirs alone.
    aside: list[uuid.UUID] = field(default_factory=list)
    #: Why the whole transaction was lost, if it was.
    lost: str = ""
    #: How much of this thread's CPU the bodies took, in seconds.
    seconds: float = 0.0
    #: Whether it was stopped before all that it could have done.
    overran: bool = False
    #: Whether events may be there that are to be delivered.
    undelivered: bool = True


@dataclass(slots=True, kw_only=True)
class Batch:
    """One transaction of one worker."""

    engine: Engine
    alone: bool = False
    #: Whether what is claimed was tried in vain before, and counts as such until it has got on.
    apart: bool = False
    report: Report = field(default_factory=Report)
    opened_waits: list[uuid.UUID] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    #: This thread's CPU and the clock when the first atomic step began: from then on business rows may be locked.
    began: tuple[float, float] | None = None
    stopped: bool = False
    #: What has come back from outside, by workflow and epoch.
    landed: dict[tuple[uuid.UUID, int], list[OutsideResult]] = field(default_factory=dict)
    #: How many calls beside others of their workflow begin, on the loop (True) and elsewhere.
    begun_calls: Counter[bool] = field(default_factory=Counter)
    transaction: FusedTransaction = field(init=False)
    _others_wait: bool | None = None
    _now: datetime = field(init=False)
    _clock: float = field(init=False)

    def now(self) -> datetime:
        """Return the database's time at the claim plus what our own monotonic clock has gone since."""
        passed = time.monotonic() - self._clock
        if passed > MOMENT:
            self._clock += passed
            self._now += timedelta(seconds=passed)
        return self._now

    def over_budget(self) -> bool:
        """Whether no new step may begin here."""
        return self.stopped or (self.began is not None and self._has_lasted(*self.began)) or self.transaction.full

    def _has_lasted(self, cpu: float, clock: float) -> bool:
        budget, passed = self.engine.batch_seconds, time.monotonic() - clock
        if passed <= budget:  # as much CPU is not used up then, and to ask for it is dear
            return False
        return passed > WALL * budget or time.thread_time() - cpu > budget

    def others_wait(self, row: ClaimedWorkflow) -> bool:
        """Whether other workflows could run, were there room for their calls."""
        if row.owner_id is None:  # it is still in the queue itself, for all that a query sees
            return self.report.claimed > 1
        if self._others_wait is None:
            due = claims.seconds_to_next(self.transaction.execute, self.engine.known)
            self._others_wait = due is not None and due <= 0
        return self._others_wait

    def begin(self, step: Step[..., Any]) -> None:
        """Count its budget from the first atomic step on."""
        if self.began is None and step.atomic:
            self.began = time.thread_time(), time.monotonic()
