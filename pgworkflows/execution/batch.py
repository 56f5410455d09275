"""The fused transaction: claim, load, run, flush, commit once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import DatabaseError, transaction

from ..conf import conf
from ..definitions.step import Step
from ..exceptions import NotAllowed
from ..models import Task, Workflow
from ..store import checkpoints, events
from ..store.claims import Claim
from ..store.connection import end_session, end_what_was_left_open
from ..store.records import RecordedTask
from ..telemetry import points
from ..values.position import START, Position
from .advance import advance
from .control_flow import Suspended, TransactionLost
from .engine import WHOLE_RUN, Engine
from .errors import DISK_FULL, in_short, in_what_was_written, sqlstate
from .flush import flush
from .loading import claim_and_load, load
from .outside import OutsideCall, OutsideResult
from .run import MOST_CRASHES, Run
from .telling import tell
from .transaction import FusedTransaction, Hook

Source = Callable[[Callable[..., Any]], Claim]

#: A batch may last this many times its budget of CPU by the clock.
WALL = 3


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
    transaction: FusedTransaction = field(init=False)
    _now: datetime = field(init=False)
    _clock: float = field(init=False)

    def now(self) -> datetime:
        """Return the database's time at the claim plus what our own monotonic clock has gone since."""
        return self._now + timedelta(seconds=time.monotonic() - self._clock)

    def over_budget(self) -> bool:
        """Whether no new step may begin here."""
        return self.stopped or (self.began is not None and self._has_lasted(*self.began)) or self.transaction.full

    def _has_lasted(self, cpu: float, clock: float) -> bool:
        budget = self.engine.batch_seconds
        return time.thread_time() - cpu > budget or time.monotonic() - clock > WALL * budget

    def before_step(self, run: Run, step: Step[..., Any], position: Position, lost_call: str = "") -> None:
        """Let the run go on in the next batch if this one has lasted long enough; stop one that kills its workers."""
        if run.row.crashes > MOST_CRASHES:
            run.block(run.tried_too_often(f"Step {step.name}", lost_call))
            raise Suspended
        answered = (run.row.id, run.row.epoch) in self.landed
        if (self.apart or answered) and run.row.crashes > 1 and run.dirty:
            # Commit step by step, so that the one that is tried in vain stands alone and gets the blame, and so that an
            # answer from outside does not go with it.
            run.apart = True
            run.again()
            raise Suspended
        if self.over_budget() and (self.report.advanced or run.dirty) and not run.ran_before(position):
            self.report.overran = True
            run.again()
            raise Suspended
        if self.began is None and step.atomic:
            self.began = time.thread_time(), time.monotonic()

    def continue_alone(self, run: Run) -> None:
        """Commit at once what is finished; the run goes on alone."""
        self.stopped = True
        self.report.alone.append(run.row.id)
        run.again()

    def report_failure(self, run: Run, task: RecordedTask, *, final: bool) -> None:
        """Remember a failed attempt for the signal after the commit."""
        self.failures.append(
            {"workflow": run.row.id, "name": run.row.name, "step": task.name, "attempt": task.attempt,
             "error": in_short(task.error), "final": final, "redactor": run.redactor}
        )  # fmt: skip


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
        engine.charges[workflow, WHOLE_RUN] = refused or error
    elif not run.counted and not engine.charged(workflow):
        engine.aside[workflow] = error


def _run_all(batch: Batch, runs: list[Run]) -> None:
    cpu = time.thread_time()
    for key, result in batch.engine.results.items():
        batch.landed.setdefault(key.claim, []).append(result)
    with batch.transaction.guard.standing():
        for place, run in enumerate(runs):
            if batch.report.advanced and (batch.over_budget() or batch.transaction.session_changed):
                batch.report.overran = True
                break
            batch.transaction.take_back_path()
            batch.transaction.workflow = f"{run.row.name} {run.row.id}"
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
        if not run.crashes:
            batch.engine.lost.pop(run.row.id, None)
        outcome = run.outcome
        assert outcome is not None
        batch.report.calls.extend(outcome.calls)
        batch.report.finished += outcome.status in Workflow.FINISHED
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
