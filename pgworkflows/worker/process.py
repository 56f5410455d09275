"""One worker process: the batch loop."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg
from django.db import Error as DatabaseError
from django.db import connections

from .. import signals
from ..conf import conf
from ..definitions.registry import registry
from ..execution.agenda import Agenda, Takes
from ..execution.engine import Engine, known_definitions
from ..execution.pacing import Pacing
from ..store import owned, queues, workers
from ..store.connection import database, database_now
from ..store.definitions import unfinished_with_other_body, write_definition
from ..store.newer import newer_migrations
from ..store.schedules.declared import write_missing
from ..telemetry import points
from .counts import Counts
from .heartbeat import LONGEST_PAUSE, Heartbeat
from .options import REPLACE_ME, WorkerOptions
from .pool import OutsidePool

SHORTEST_PAUSE = 0.02


class Worker:
    """Claims, runs and commits until it is told to stop or, with `drain`, nothing is left to run now."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.wake = threading.Event()
        self.stopping = False
        #: The migrations of the database that this code does not know, once it has met what it cannot use.
        self.newer = ""
        known = known_definitions(options.queues or None)
        self.engine = Engine(worker_id=0, name=options.name, known=known)
        self.pool = OutsidePool(options.concurrency, self.wake)
        self.engine.refuses, self.engine.room = self.pool.refuses, self.pool.room
        pacing = Pacing(options.batch_size, options.probation)
        self.agenda = Agenda(self.engine, self.pool, pacing, takes=options.takes)
        #: Whether another process is to take this one's place.
        self.wants_successor = False
        self.heartbeat = Heartbeat(options, self.agenda, self.pool, self.wake, self.stop, self.give_way)
        self.counts = Counts(options.name)
        #: Since when, by the database's clock, a drain has found nothing to do.
        self._idle_since: datetime | None = None
        #: When it last did something without an error of the database, in monotonic seconds.
        self._well_at = time.monotonic()
        self._reported_at = 0.0
        self._soon = SHORTEST_PAUSE

    def stop(self, *_: Any) -> None:
        """Finish what runs, then end."""
        if not self.stopping:
            self.stopping = self.engine.stopping = True
            # A signal may come while this very thread holds the lock of the event, and twice at once.
            threading.Thread(target=self.wake.set, name="pgworkflows-stop", daemon=True).start()

    def give_way(self, error: Exception) -> None:
        """Finish what runs, then end, if the error comes from a database of a later release: its own workers go on."""
        newer = ", ".join(newer_migrations(error))
        if newer and not self.newer:
            self.newer = newer
            said = f"It does not know {newer}, and has met what it cannot use: {error}. It finishes what runs, and ends."
            points.failed.emit(what="this worker's code", error=RuntimeError(said))
            self.stop()

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
                points.failed.emit(what="the worker's database connection", error=error)
                connections.close_all()
                self.give_way(error)
                self.heartbeat.end_with_parent()
                if self.stopping and (not len(self.pool) or time.monotonic() - self._well_at > conf().LEASE):
                    status = 0 if self.newer else 1
                    break
                pause = 0.1 if time.monotonic() - tried_at > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
                time.sleep(pause * random.uniform(0.5, 1.0))
                self.agenda.pacing.begin_anew()
                self.agenda.unsure = True
        self._end()
        return status

    def _begin(self) -> None:
        self.counts.begin()
        database().ensure_connection()
        for workflow in registry.workflows.values():
            write_definition(workflow)
            count = unfinished_with_other_body(workflow)
            if count:
                signals.definition_changed.send_robust(Worker, name=workflow.name, version=workflow.version, unfinished=count)
        write_missing()
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
            self._well_at = time.monotonic()
            self._say()
            in_hand = self.agenda.has_in_hand()
            self._ask_for_successor(in_hand)
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
            return queues.seconds_to_next_suspect(self.engine.known) is None
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
        report = self.agenda.run_next()
        if report is not None:
            self._let_go_of_old_connections()
        return self.agenda.take_up(report)

    def _idle(self) -> None:
        """Wait for a NOTIFY, a result, or the next due time; look once more before."""
        self.wake.clear()
        if self.pool.has_results() or (self.stopping and not len(self.pool)):
            return
        if not self.heartbeat.direct:
            self.wake.wait(self._pause(self.options.poll_interval))
            return
        holds = queues.try_idle_lock()
        try:
            if holds or queues.someone_is_idle():
                self._soon = SHORTEST_PAUSE
                if not self.step():
                    self.wake.wait(self._pause(self.options.poll_interval))
            else:
                self.wake.wait(self._soon)  # a sender is about to commit, and did not know that we sleep
                self._soon = min(self._soon * 2, self.options.poll_interval)
        finally:
            if holds:
                queues.release_idle_lock()

    def _pause(self, longest: float) -> float:
        if self.agenda.aside:
            return 0.1
        if self.stopping:
            return 0.2
        longest = min(longest, self._until_woken(longest))
        suspects = self.options.takes == Takes.SUSPECTS
        due = (queues.seconds_to_next_suspect if suspects else queues.seconds_to_next)(self.engine.known)
        return longest if due is None else min(longest, max(due, SHORTEST_PAUSE))

    def _until_woken(self, longest: float) -> float:
        due = owned.seconds_to_woken(self.engine.worker_id) if self.engine.listening else None
        return longest if due is None else max(due, SHORTEST_PAUSE)

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
        suspects_due, replace = int(self.agenda.suspects_due), int(self.wants_successor)
        now = {"in_flight": len(self.pool), "suspects_due": suspects_due, "replace": replace, "newer": self.newer}
        line = json.dumps(self.counts | now) + "\n"
        with suppress(OSError):  # the supervisor is gone; the heartbeat sees that
            os.write(self.options.report_to, line.encode())

    def _end(self) -> None:
        self._say(last=True)
        self.pool.close()
        self.heartbeat.ended.set()
        if self.heartbeat.is_alive():
            self.heartbeat.join(timeout=5)
        self.counts.end()
        connections.close_all()
        signals.worker_changed.send_robust(Worker, worker=self.options.name, started=False)
