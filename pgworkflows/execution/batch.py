"""The fused transaction: claim, load, run, flush, commit once."""

from __future__ import annotations

import time
from contextvars import Context

import psycopg
from django.db import DatabaseError, transaction

from ..conf import conf
from ..exceptions import NotAllowed
from ..models import Task, Workflow
from ..store import checkpoints, events
from ..store.claims import CallKey
from ..store.connection import end_session, end_what_was_left_open
from ..store.newer import newer_migrations
from ..telemetry import points
from ..values.position import START
from .advance import advance
from .batch_state import Batch, Report, Source
from .control_flow import TransactionLost
from .engine import Engine
from .errors import DISK_FULL, in_what_was_written, sqlstate
from .flush import flush
from .guard import Guard
from .loading import claim_and_load, load
from .row_written import crashes
from .run import Run
from .telling import tell
from .transaction import Hook


def run_batch(engine: Engine, source: Source, *, alone: bool = False, apart: bool = False) -> Report:
    """Run one fused transaction over what `source` claims, commit it, and do what follows a commit."""
    batch = Batch(engine=engine, alone=alone, apart=apart)
    runs: list[Run] = []
    hooks: list[Hook] = []
    if not engine.nested:
        end_what_was_left_open()
    try:
        with transaction.atomic(using=conf().DATABASE):
            runs = claim_and_load(batch, source)
            if runs:
                _run_all(batch, runs)
                batch.transaction.take_back_settings()
                points.flush_begun.emit(worker=engine.name)
                flush(batch.transaction, [run for run in runs if run.outcome is not None], batch.now())
                points.flush_ended.emit(worker=engine.name)
                hooks = batch.transaction.take_hooks()
            if engine.nested:  # the caller's transaction goes on, and is not the worker's doing
                batch.transaction.execute("SELECT pgworkflows.act_as('', '')")
    except (TransactionLost, checkpoints.TransactionGone, DatabaseError, psycopg.Error) as error:
        batch.report = _lost(batch, runs, error)
        points.batch.emit(worker=engine.name, report=batch.report)
        return batch.report
    finally:
        ended, engine.transaction, engine.running = engine.transaction, None, None
        if ended is not None and ended.session_spoiled and not engine.nested:
            end_session()
    _tell_of_commit(batch, runs)
    _after_commit(batch, [run for run in runs if run.outcome is not None], hooks)
    points.batch.emit(worker=engine.name, report=batch.report)
    return batch.report


def _tell_of_commit(batch: Batch, runs: list[Run]) -> None:
    if not runs:
        return
    points.committed.emit(worker=batch.engine.name, workflows=batch.report.advanced)
    if points.wait_opened.subscribers:
        for run in runs:
            for task in run.dirty.values():
                if not task.stored and task.status == Task.Status.WAITING:
                    points.wait_opened.emit(
                        worker=batch.engine.name, workflow=run.row.id, name=run.row.name, kind=task.kind, task=task.name
                    )


def _lost(batch: Batch, runs: list[Run], error: BaseException) -> Report:
    """Forget memory: nothing of this batch counts, and its workflows run again one by one; one that was alone is set aside."""
    if not runs and not isinstance(error, TransactionLost):
        raise error
    cause = error.__cause__ if isinstance(error, TransactionLost) else error
    if cause is not None and sqlstate(cause) == DISK_FULL:
        raise cause  # no step's fault; the worker leaves it alone for a while
    if cause is not None and not batch.engine.nested and newer_migrations(cause):
        raise cause  # no run's fault; workers of that release go on with them
    if batch.alone and runs:
        _lost_alone(batch, runs[0], error)
    again = [run.row.id for run in runs if not (batch.alone and run.counted)]
    return Report(claimed=len(runs), alone=again, lost=f"{type(error).__name__}: {error}")


def _lost_alone(batch: Batch, run: Run, error: BaseException) -> None:
    """Note what becomes of a run that is lost for the same reason each time."""
    engine, workflow = batch.engine, run.row.id
    if isinstance(error, TransactionLost):
        error = error.__cause__ or error.__context__ or error
    engine.lost[workflow] = error
    refused = in_what_was_written(error)
    if refused or run.set_aside:
        engine.charge(workflow, refused or error)
    elif not run.counted and not engine.charged(workflow):
        engine.aside[workflow] = error


def _run_all(batch: Batch, runs: list[Run]) -> None:
    cpu = time.thread_time()
    for key, result in batch.engine.results.items():
        batch.landed.setdefault(key.claim, []).append(result)
    with Guard(batch.transaction).standing():
        for place, run in enumerate(runs):
            if batch.report.advanced and (batch.over_budget() or batch.transaction.session_changed):
                batch.report.overran = True
                break
            batch.transaction.take_back_path()
            batch.transaction.workflow = run.row
            batch.engine.running = run.row.id
            runs[place] = _run_one(batch, run)
            batch.report.advanced += 1
    batch.report.seconds = time.thread_time() - cpu


def _run_one(batch: Batch, run: Run) -> Run:
    """Run a workflow as far as it goes; return it as it then is.

    A failed step may have undone the steps before it. Then all is forgotten and it runs again at once, with the failure in
    hand: that step is charged without running again, and from there on each step has a savepoint of its own. Should one before
    it fail this time, all have in a third run. One that met a lock is left as it was claimed, also for others to take.
    """
    waits, failures = len(batch.opened_waits), len(batch.failures)
    while True:
        _match_results(batch, run)
        try:
            Context().run(advance, run)
        finally:
            batch.transaction.leave()
        if run.undone is None:
            return run
        del batch.opened_waits[waits:], batch.failures[failures:]
        if run.undone not in run.charges:
            run.outcome = None
            return run
        batch.transaction.take_back_path()
        (anew,) = load(batch, [run.row])
        anew.charges = run.charges
        anew.own_savepoints_from = run.undone if run.own_savepoints_from is None else START
        run = anew


def _match_results(batch: Batch, run: Run) -> None:
    """Give the run the results that came back for it; a late one of an older claim is not for it."""
    if run.row.owner_id == batch.engine.worker_id:
        run.results = {result.key.position: result for result in batch.landed.get((run.row.id, run.row.epoch), ())}
        for task in run.tasks.values():
            if task.status == Task.Status.RUNNING and task.position not in run.results:
                key = CallKey(run.row.id, run.row.epoch, task.position, task.attempt)
                if batch.engine.flies(key):
                    run.flights.add(task.position)


def _require_nothing_open(batch: Batch) -> None:
    left = [] if batch.engine.nested else end_what_was_left_open()
    if left:
        raise NotAllowed(f"It left a transaction open on {', '.join(left)}: what it wrote there was rolled back.")


def _after_commit(batch: Batch, runs: list[Run], hooks: list[Hook]) -> None:
    """Run the hooks each by itself, hand over the outside calls, tell the receivers, and look again at new waits."""
    landed = {run.row.id for run in runs}
    for key in [key for key in batch.engine.results if key.workflow in landed]:
        del batch.engine.results[key]
    for run in runs:
        if run.set_aside:
            batch.report.aside.append(run.row.id)
        if not crashes(run):
            batch.engine.lost.pop(run.row.id, None)
        outcome = run.outcome
        assert outcome is not None
        batch.report.calls.extend(outcome.calls)
        if outcome.owned and outcome.listens:
            batch.engine.listening.add(run.row.id)
        else:
            batch.engine.listening.discard(run.row.id)
        batch.report.undelivered |= bool(run.cut)
        if outcome.status in Workflow.FINISHED:
            batch.report.finished += 1
            batch.engine.charges.pop(run.row.id, None)
    if batch.opened_waits:
        try:
            events.look_again(batch.opened_waits)
        except DatabaseError as error:  # the slow sweep looks again; the calls below must be made
            points.failed.emit(what="looking again at new waits", error=error)
    for hook in hooks:
        try:
            with batch.engine.limited(f"on_commit hook {hook!r}"):
                hook()
            _require_nothing_open(batch)
        except (Exception, SystemExit) as error:
            points.failed.emit(what=f"on_commit hook {hook!r}", error=error)
    with batch.engine.limited("a receiver of a signal of pgworkflows"):
        tell(batch.failures, runs)
