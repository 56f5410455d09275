"""Everything runnable, run in the test's own process and transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from psycopg.pq import TransactionStatus

from ..conf import conf
from ..execution.batch import Report, run_batch
from ..execution.engine import Engine, known_definitions
from ..execution.outside import OutsideCall, OutsideResult, perform_inline
from ..store import claims, events, workers
from ..store.connection import database, query

WORKER = "testing"
SAVEPOINT = "pgworkflows_outside_call"


@dataclass(slots=True)
class RunSummary:
    """What a run did: batches committed, workflows ended, outside calls made."""

    batches: int = 0
    finished: int = 0
    calls: int = 0


def run_workflows(*, most_batches: int = 10_000) -> RunSummary:
    """Run what can run now, outside calls inline and in order; return once all that is left waits.

    Raises RuntimeError after `most_batches`, so that a workflow that never ends does not hang the test.
    """
    database().ensure_connection()
    for (dead,) in query("SELECT id FROM pgworkflows_worker WHERE name = %(name)s AND stopped_at IS NULL", {"name": WORKER}):
        workers.take_over(dead, by=WORKER)
    worker = workers.register(WORKER, queues=[], definitions=[], direct=False, lease=conf().LEASE)
    engine = Engine(worker_id=worker, name=WORKER, known=known_definitions(), nested=database().in_atomic_block)
    summary, alone, calls = RunSummary(), list[uuid.UUID](), list[OutsideCall]()
    while summary.batches < most_batches:
        delivered = events.deliver()
        report = _next(engine, alone, summary, calls)
        alone.extend(report.alone)
        calls.extend(report.calls)
        summary.batches += report.advanced > 0
        summary.finished += report.finished
        if not (delivered or report.claimed or alone or engine.results or calls):
            workers.stop(worker)
            return summary
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


def _next(engine: Engine, alone: list[uuid.UUID], summary: RunSummary, calls: list[OutsideCall]) -> Report:
    """Run one batch of what comes first: what must run alone, with its result if there is one, results, then the queue."""
    if calls and not engine.results:
        call = calls.pop(0)
        engine.results[call.workflow, call.epoch] = _perform(call)
        summary.calls += 1
    workflow = alone.pop(0) if alone else None
    calls_back = [call for call in engine.results if workflow in (None, call[0])]
    if calls_back:
        by = engine.worker_id
        report = run_batch(engine, lambda execute: claims.claim_owned(execute, calls_back, by), alone=workflow is not None)
        if not report.lost:
            engine.results = {key: result for key, result in engine.results.items() if key[0] in report.alone}
        return report
    if workflow is not None:
        return run_batch(engine, lambda execute: claims.claim_these(execute, [workflow]), alone=True)
    report = run_batch(engine, lambda execute: claims.claim(execute, engine.known, conf().BATCH_SIZE))
    if report.claimed:
        return report
    any_of_them = (1, claims.APART[1])
    return run_batch(engine, lambda execute: claims.claim_suspects(execute, engine.known, any_of_them, 1), alone=True)
