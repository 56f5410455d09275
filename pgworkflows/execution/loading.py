"""Beginning a batch: its transaction, what is claimed, and what is recorded of that."""

from __future__ import annotations

import time

from ..definitions.registry import registry
from ..models import Workflow
from ..models.workflow_row import ClaimedWorkflow
from ..store import claims
from ..store.connection import database
from ..store.transactions import bounded
from ..telemetry import points
from .batch_state import Batch, Source
from .replay import read_together
from .run import Run
from .transaction import FusedTransaction


def _settings(batch: Batch) -> str:
    """Return the statements that bound this transaction, and say who acts in it."""
    engine = batch.engine
    wait = engine.lock_timeout_alone if batch.alone else engine.lock_timeout
    actor = engine.name.replace("'", "''")
    acting = f"SET LOCAL pgworkflows.actor = '{actor}'; SET LOCAL pgworkflows.channel = 'worker'; SET LOCAL pgworkflows.note = ''"
    if engine.nested:  # the rest would outlive the batch, in the caller's transaction
        return acting
    return f"{bounded(engine.worker_id, engine.lease)}SET LOCAL lock_timeout = {int(wait * 1000)}; {acting}"


def claim_and_load(batch: Batch, source: Source) -> list[Run]:
    """Lock what there is to run, and read its record; what is to run alone is put aside."""
    wait = batch.engine.lock_timeout_alone if batch.alone else batch.engine.lock_timeout
    begin = "" if batch.engine.nested else "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "
    batch.transaction = FusedTransaction(database(), begin=begin, settings=_settings(batch), alone=batch.alone, lock_timeout=wait)
    batch.engine.transaction = batch.transaction
    execute = batch.transaction.execute
    claim = source(execute)
    batch.report.claimed, batch.report.undelivered = len(claim.workflows), claim.undelivered
    if not claim.workflows or claim.now is None:
        return []
    batch.transaction.transaction = claim.transaction
    batch._now, batch._clock = claim.now, time.monotonic()
    _tell_of_claim(batch.engine.name, claim.workflows)
    return load(batch, [row for row in claim.workflows if not _runs_alone(batch, row)])


def _tell_of_claim(worker: str, rows: list[ClaimedWorkflow]) -> None:
    points.claimed.emit(worker=worker, workflows=len(rows))
    if points.woken.subscribers:
        for row in rows:
            if row.status == Workflow.Status.WAITING:
                points.woken.emit(worker=worker, workflow=row.id, name=row.name)


def load(batch: Batch, rows: list[ClaimedWorkflow]) -> list[Run]:
    """Read what is recorded of workflows that are locked."""
    execute = batch.transaction.execute
    ids = [row.id for row in rows]
    begun = [row.id for row in rows if row.started_at is not None]
    tasks = claims.load_tasks(execute, begun) if begun else {}
    waiting = claims.load_events(execute, ids) if rows else {}
    runs = [
        Run(
            batch=batch,
            row=row,
            definition=registry.workflows[row.name, row.version],
            tasks={task.position: task for task in tasks.get(row.id, ())},
            events=waiting.get(row.id, []),
        )
        for row in rows
    ]
    read = read_together(execute, (task for run in runs for task in run.tasks.values()))
    for run in runs:
        run.read = read
    return runs


def _runs_alone(batch: Batch, row: ClaimedWorkflow) -> bool:
    """Put what has killed a worker, or asks for it, aside for a batch of its own."""
    if batch.alone or batch.engine.nested:
        return False
    if row.crashes <= 1 and registry.workflows[row.name, row.version].batch:
        return False
    batch.report.alone.append(row.id)
    return True
