"""Everything runnable, run in the test's own process and transaction."""

from __future__ import annotations

import uuid
from collections import deque
from dataclasses import dataclass

from psycopg.pq import TransactionStatus

from ..conf import conf
from ..execution.agenda import Agenda
from ..execution.batch import run_batch
from ..execution.batch_state import Report
from ..execution.engine import Engine, known_definitions
from ..execution.outside import OutsideCall, OutsideResult, perform_inline
from ..execution.pacing import Pacing
from ..store import claims, workers
from ..store.claims import CallKey
from ..store.connection import database, query

WORKER = "testing"
SAVEPOINT = "pgworkflows_outside_call"


@dataclass(slots=True)
class RunSummary:
    """What a run did: batches committed, workflows ended, outside calls made."""

    batches: int = 0
    finished: int = 0
    calls: int = 0


class InlineCalls:
    """Outside calls, made here and in order: one at a time, once the results that came before are committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[OutsideCall] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def submit(self, call: OutsideCall) -> None:
        """Have it made when its turn comes."""
        self._waiting.append(call)

    def take_results(self) -> list[OutsideResult]:
        """Make the next call."""
        return [_perform(self._waiting.popleft())] if self._waiting and not self._engine.results else []

    def has_results(self) -> bool:
        """Whether a call is to be made: it has a result then."""
        return bool(self._waiting)

    def flies(self, call: CallKey) -> bool:
        """Whether the call is to be made."""
        return any(waiting.key == call for waiting in self._waiting)

    def calls(self) -> set[CallKey]:
        """Name the calls that are to be made."""
        return {call.key for call in self._waiting}

    def has_room(self) -> bool:
        """Whether another call may wait for its turn: any number may."""
        return True

    def hand_back(self) -> None:
        """Do nothing: this worker is not told to stop."""


class InlineAgenda(Agenda):
    """The worker's order of work, where nobody dies: a try needs not be counted before it is made."""

    def _try_one(self, *, suspects: bool = False, ids: list[uuid.UUID] | None = None) -> Report | None:
        known = self.engine.known
        report = run_batch(self.engine, lambda execute: claims.claim_suspects(execute, known, claims.APART, 1, ids), alone=True)
        return report if report.claimed else None


class FullBatches(Pacing):
    """Claims as many at once as may be."""

    def __init__(self) -> None:
        super().__init__(conf().BATCH_SIZE, probation=0)
        self.size = self.largest

    def learn(self, report: Report, budget: float) -> None:
        """Stay as it is, on slow machines too."""


def run_workflows(*, most_batches: int = 10_000) -> RunSummary:
    """Run what can run now, outside calls inline and in order; return once all that is left waits.

    Raises RuntimeError after `most_batches`, so that a workflow that never ends does not hang the test.
    """
    database().ensure_connection()
    for dead in workers.named(WORKER):
        workers.take_over(dead, by=WORKER)
    worker = workers.register(WORKER, queues=[], definitions={}, direct=False, lease=conf().LEASE)
    engine = Engine(
        worker_id=worker, name=WORKER, known=known_definitions(), nested=database().in_atomic_block, checks_order=True
    )
    agenda = InlineAgenda(engine, InlineCalls(engine), FullBatches())
    summary, idle = RunSummary(), False
    for _ in range(most_batches):
        report = agenda.run_next()
        if report is not None:
            summary.batches += report.advanced > 0
            summary.finished += report.finished
            summary.calls += len(report.calls)
        was_idle, idle = idle, not (agenda.take_up(report) or agenda.has_in_hand())
        if idle and was_idle:
            workers.stop(worker)
            return summary
        agenda.suspects_due = idle  # they come last, as in a process of their own
    raise RuntimeError(f"run_workflows() stopped after {most_batches} batches: something runs for ever.")


def _perform(call: OutsideCall) -> OutsideResult:
    """Make an outside call; a query that fails in it must not spoil the transaction of a TestCase."""
    connection = database()
    if not connection.in_atomic_block:
        return perform_inline(call)
    query(f"SAVEPOINT {SAVEPOINT}")
    result = perform_inline(call)
    if connection.needs_rollback or connection.connection.info.transaction_status == TransactionStatus.INERROR:
        connection.needs_rollback = False
        query(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
    query(f"RELEASE SAVEPOINT {SAVEPOINT}")
    return result
