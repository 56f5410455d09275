"""One worker process: the batch loop."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import uuid
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg
from django.db import Error as DatabaseError
from django.db import connections

from .. import signals
from ..conf import conf
from ..definitions.registry import registry
from ..execution.batch import Report, run_batch
from ..execution.engine import Engine, known_definitions
from ..store import claims, events, idling, workers
from ..store.connection import database, database_now
from ..store.definitions import unfinished_with_other_body, write_definition
from .heartbeat import LONGEST_PAUSE, Heartbeat
from .options import REPLACE_ME, Takes, WorkerOptions
from .pacing import Pacing
from .pool import OutsidePool

RESULTS_AT_ONCE = 50
SHORTEST_PAUSE = 0.02
#: How long a workflow that lost its transaction here is looked for here.
ASIDE_SECONDS = 3.0


class Worker:
    """Claims, runs and commits until it is told to stop or, with `drain`, nothing is left to run now."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.wake = threading.Event()
        self.stopping = False
        known = known_definitions(options.queues or None)
        self.engine = Engine(worker_id=0, name=options.name, known=known)
        self.pool = OutsidePool(options.concurrency, self.wake)
        self.engine.refuses = self.pool.refuses
        self.pacing = Pacing(options.batch_size, options.careful)
        self.alone: list[uuid.UUID] = []
        self.alones_turn = False
        #: Whether another process is to take this one's place.
        self.wants_successor = False
        #: Workflows that lost their transaction here, and until when they are tried here.
        self.aside: dict[uuid.UUID, float] = {}
        #: Whether the one that is tried by itself has a call in flight: nothing else is begun.
        self.trying_one = False
        self.heartbeat = Heartbeat(options, self.engine, self.pool, self.wake, self.stop)
        self.counts = {"batches": 0, "workflows": 0, "finished": 0, "calls": 0, "lost": 0}
        #: Whether a COMMIT may have gone through without its answer.
        self.unsure = False
        #: Since when, by the database's clock, a drain has found nothing to do.
        self._idle_since: datetime | None = None
        self._reported_at = 0.0
        self._soon = SHORTEST_PAUSE

    def stop(self, *_: Any) -> None:
        """Finish what runs, then end."""
        if not self.stopping:
            self.stopping = self.engine.stopping = True
            # A signal may come while this very thread holds the lock of the event, and twice at once.
            threading.Thread(target=self.wake.set, name="pgworkflows-stop", daemon=True).start()

    def run(self) -> int:
        """Run until stopped or drained; return the exit status."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
        signal.signal(signal.SIGTERM, self.stop)
        pause = 0.1
        begun = False
        while True:
            tried_at = time.monotonic()
            try:
                if not begun:
                    self._begin()
                    begun = True
                status = self._loop()
                break
            except (DatabaseError, psycopg.Error, OSError) as error:
                signals.neighbour_failed.send_robust(Worker, what="the worker's database connection", error=error)
                connections.close_all()
                self.heartbeat.end_with_parent()
                if self.stopping and not len(self.pool):
                    status = 1
                    break
                pause = 0.1 if time.monotonic() - tried_at > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
                time.sleep(pause * random.uniform(0.5, 1.0))
                self.pacing.be_careful()
                self.unsure = True
        self._end()
        return status

    def _begin(self) -> None:
        database().ensure_connection()
        for workflow in registry.workflows.values():
            write_definition(workflow)
            count = unfinished_with_other_body(workflow)
            if count:
                signals.definition_changed.send_robust(Worker, name=workflow.name, version=workflow.version, unfinished=count)
        if not self.heartbeat.is_alive():
            self.heartbeat.start()
        while not self.heartbeat.registered.wait(0.2):
            if self.stopping:
                raise OSError("stopped before it could register")
        self._say(last=True)
        signals.worker_changed.send_robust(Worker, worker=self.options.name, started=True)

    def _loop(self) -> int:
        while True:
            busy = self.step()
            self._say()
            in_hand = len(self.pool) or self.engine.results
            self._ask_for_successor(bool(in_hand))
            if self.wants_successor and not in_hand and not self._is_supervised():
                return REPLACE_ME
            if busy:
                self._idle_since = None
                continue
            if not in_hand and (self.stopping or self._is_done()):
                return 0
            self._idle()

    def _is_supervised(self) -> bool:
        return self.options.report_to >= 0

    def _ask_for_successor(self, in_hand: bool) -> None:
        """Once threads are lost in calls that never return, have another process begin; this one goes on until it is there."""
        stuck = self.pool.stuck()
        if stuck and not self.options.drain and (not in_hand or stuck * 2 >= self.options.concurrency):
            self.wants_successor = True

    def _is_done(self) -> bool:
        if self.options.takes == Takes.SUSPECTS:
            return idling.seconds_to_next_suspect(self.engine.known) is None
        return self.options.drain and not self.pool.sent_away() and self._is_drained()

    def _is_drained(self) -> bool:
        """Whether, with nothing to do here, every other owner of claims has shown since then that it lives.

        The claims of one that died just before are not runnable until somebody has found it dead.
        """
        if self._idle_since is None:
            self._idle_since = database_now()
        if workers.silent_owner(self.engine.worker_id, self.engine.known, self._idle_since):
            return False
        self._idle_since = None
        return not self.step()  # a takeover may have made something runnable in between

    def step(self) -> bool:
        """Do one batch of what comes first, then deliver what events there may be; return whether there was anything to do."""
        if self.unsure:
            self._release_unaccounted()
        report = self._run_next()
        busy = (report is not None and self._follow(report)) or bool(self.alone)
        delivered = events.deliver() if report is None or report.undelivered else 0
        return busy or delivered > 0

    def _follow(self, report: Report) -> bool:
        """Take up what a batch has left to do; return whether that, or the batch, was anything."""
        self.counts["batches"] += report.advanced > 0
        self.counts["workflows"] += report.advanced
        self.counts["finished"] += report.finished
        self.counts["lost"] += bool(report.lost)
        self.unsure |= bool(report.lost)
        self.counts["calls"] = self.pool.made
        self.alone.extend(report.alone)
        self.aside |= dict.fromkeys(report.aside, time.monotonic() + ASIDE_SECONDS)
        for call in report.calls:
            self.pool.submit(call)
        self._let_go_of_old_connections()
        return bool(report.claimed or self.pool.has_results())

    def _release_unaccounted(self) -> None:
        """Make runnable what the database says is ours although no call or result of it is in hand."""
        in_hand = self.pool.calls() | self.engine.results.keys()
        idling.release_unaccounted(self.engine.worker_id, in_hand, by=self.options.name)
        self.unsure = False

    def _run_next(self) -> Report | None:
        """Run in turn one that must run alone and, first, outside results, then the queue."""
        for result in self.pool.take_results(RESULTS_AT_ONCE):
            self.engine.results[result.workflow, result.epoch] = result
        if self.alone:
            self.alones_turn = not self.alones_turn
            if self.alones_turn:
                return self._run_alone(self.alone.pop(0))
        if self.engine.results:
            return self._run_results()
        if self.aside and (tried := self._run_aside()):
            return tried
        self.trying_one &= len(self.pool) > 0
        if self.stopping:
            self.pool.hand_back()
        if self.stopping or self.trying_one or not self.pool.has_room():
            return None
        if self._tries_suspects():
            return self._run_suspects()
        if self.pacing.careful_left:
            return self._run_careful()
        report = run_batch(self.engine, lambda execute: claims.claim(execute, self.engine.known, self.pacing.size))
        self.pacing.learn(report, self.engine.batch_seconds)
        return report

    def _run_alone(self, workflow: uuid.UUID) -> Report:
        """Run one workflow in a transaction of its own; with its result, if that is in hand."""
        engine = self.engine
        calls = [call for call in engine.results if call[0] == workflow]
        if calls:
            return run_batch(engine, lambda execute: claims.claim_owned(execute, calls, engine.worker_id), alone=True)
        return run_batch(engine, lambda execute: claims.claim_these(execute, [workflow]), alone=True)

    def _run_results(self) -> Report:
        """Go on with the workflows whose outside calls came back; forget results for which others answer by now.

        After a transaction was lost they go on alone; the results in hand are kept, not called for again.
        """
        calls = set(islice(self.engine.results, self.options.batch_size))
        worker = self.engine.worker_id
        report = run_batch(self.engine, lambda execute: claims.claim_owned(execute, calls, worker))
        left = self.engine.results.keys() & calls
        if left and not report.lost:
            for call in left - idling.still_owned(left, worker):
                del self.engine.results[call]
        return report

    def _tries_suspects(self) -> bool:
        """Whether suspects come before the queue: always in their own process; without a supervisor that starts one, when due."""
        return self.options.takes == Takes.SUSPECTS or (self.options.takes == Takes.BOTH and self.heartbeat.suspects_due)

    def _run_suspects(self) -> Report | None:
        """Try what was in hand when a worker died: together at first, then one at a time with nothing else in hand."""
        known, most = self.engine.known, self.options.batch_size
        report = run_batch(self.engine, lambda execute: claims.claim_suspects(execute, known, claims.TOGETHER, most), apart=True)
        if report.claimed or len(self.pool):
            return report
        one = self._run_careful(suspects=True)
        self.trying_one = one is not None and bool(one.calls)
        self.heartbeat.suspects_due &= one is not None
        return one

    def _run_aside(self) -> Report | None:
        """Try again, when it is due, one that lost its transaction here: that ends no process, and needs none of its own."""
        now = time.monotonic()
        self.aside = {workflow: until for workflow, until in self.aside.items() if until > now}
        return self._run_careful(suspects=True, ids=list(self.aside))

    def _run_careful(self, *, suspects: bool = False, ids: list[uuid.UUID] | None = None) -> Report | None:
        """Commit that a workflow is about to be tried, then run it alone."""
        held = idling.choose_one(self.engine.known, suspects=suspects, ids=ids)
        if held is None:
            return None
        if held[0] in self.aside:
            self.aside[held[0]] = time.monotonic() + ASIDE_SECONDS
        report = self._run_held(*held, suspects)
        if not (report.claimed or report.lost):
            idling.uncount(held[0])
        if report.lost:
            self.unsure = True
            if self.engine.charged(held[0]):  # known here only, and it is still held back for us
                report = self._run_held(*held, suspects)
        if report.advanced and self.pacing.careful_left:
            self.pacing.careful_left -= 1
        return report

    def _run_held(self, workflow: uuid.UUID, held: datetime, suspects: bool) -> Report:
        return run_batch(self.engine, lambda execute: claims.claim_held(execute, workflow, held), alone=True, apart=suspects)

    def _idle(self) -> None:
        """Wait for a NOTIFY, a result, or the next due time; look once more before."""
        self.wake.clear()
        if self.pool.has_results() or (self.stopping and not len(self.pool)):
            return
        if not self.heartbeat.direct:
            self.wake.wait(self._pause(self.options.poll_interval))
            return
        holds = idling.try_idle_lock()
        try:
            if holds or idling.someone_is_idle():
                self._soon = SHORTEST_PAUSE
                if not self.step():
                    self.wake.wait(self._pause(self.options.poll_interval))
            else:
                self.wake.wait(self._soon)  # a sender is about to commit, and did not know that we sleep
                self._soon = min(self._soon * 2, self.options.poll_interval)
        finally:
            if holds:
                idling.release_idle_lock()

    def _pause(self, longest: float) -> float:
        if self.aside:
            return 0.1
        if self.stopping:
            return 0.2
        suspects = self.options.takes == Takes.SUSPECTS
        due = (idling.seconds_to_next_suspect if suspects else idling.seconds_to_next)(self.engine.known)
        return longest if due is None else min(longest, max(due, SHORTEST_PAUSE))

    def _let_go_of_old_connections(self) -> None:
        """Treat connections as the request cycle does; our own is kept through a busy stretch, unless it has an age limit."""
        for connection in connections.all(initialized_only=True):
            ours = connection.alias == conf().DATABASE
            if not ours or connection.errors_occurred or connection.settings_dict["CONN_MAX_AGE"]:
                connection.close_if_unusable_or_obsolete()

    def _say(self, *, last: bool = False) -> None:
        """Report to the supervisor, once a second at most."""
        if self.options.report_to < 0 or (not last and time.monotonic() - self._reported_at < 1):
            return
        self._reported_at = time.monotonic()
        suspects_due, replace = int(self.heartbeat.suspects_due), int(self.wants_successor)
        now = {"in_flight": len(self.pool), "suspects_due": suspects_due, "replace": replace}
        line = json.dumps(self.counts | now) + "\n"
        with suppress(OSError):  # the supervisor is gone; the heartbeat sees that
            os.write(self.options.report_to, line.encode())

    def _end(self) -> None:
        self._say(last=True)
        self.pool.close()
        self.heartbeat.ended.set()
        if self.heartbeat.is_alive():
            self.heartbeat.join(timeout=5)
        connections.close_all()
        signals.worker_changed.send_robust(Worker, worker=self.options.name, started=False)
