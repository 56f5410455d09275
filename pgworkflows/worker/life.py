"""Signs of life, on a connection of their own; and what else must go on while a batch runs."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

import psycopg
from django.db import Error as DatabaseError
from django.db import transaction

from .. import signals
from ..conf import conf
from ..definitions.step import Step
from ..execution.engine import Engine
from ..store import events, idling, workers
from ..store.connection import answered, database, query
from .options import REPLACE_ME, WorkerOptions
from .pool import OutsidePool

CHANNEL = "pgworkflows"
SWEEP_SECONDS = 10.0
LONGEST_PAUSE = 5.0


class Life(threading.Thread):
    """Registers the worker, beats, listens, takes over from the dead, sweeps, and ends a process that hangs in a step."""

    def __init__(
        self, options: WorkerOptions, engine: Engine, pool: OutsidePool, wake: threading.Event, stop: Callable[[], None]
    ):
        super().__init__(name="pgworkflows-life", daemon=True)
        self.options, self.engine, self.pool, self.wake, self.stop_worker = options, engine, pool, wake, stop
        self.registered = threading.Event()
        self.ended = threading.Event()
        self.direct = False
        #: Whether workflows that were tried in vain wait to be tried again.
        self.suspects_due = False
        self._parent = options.supervisor or os.getppid()
        self._reconnected_at = float("-inf")
        self._swept_at = time.monotonic()
        self._step: tuple[uuid.UUID, int, Step[..., Any], float] | None = None
        engine.watch = self.watch

    def watch(self, workflow: uuid.UUID | None, seq: int, step: Step[..., Any] | None) -> None:
        """Note the atomic step that runs now; None for none."""
        self._step = None if workflow is None or step is None else (workflow, seq, step, time.monotonic())

    def run(self) -> None:
        """Go on until told to end, through lost connections."""
        pause = 0.1
        while not self.ended.is_set():
            try:
                self._connect()
                pause = 0.1
                while not self.ended.is_set():
                    self._listen()
                    self._beat()
            except (DatabaseError, psycopg.Error, OSError) as error:
                signals.neighbour_failed.send_robust(Life, what="the worker's own connection", error=error)
                database().close()
                self.direct = False
                self._reconnected_at = time.monotonic()
                self._die_if_hanging()
                self.end_with_parent()
                self.ended.wait(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE)
        self._leave()

    def _connect(self) -> None:
        """Find out whether NOTIFY comes through, and get or renew the worker's row and its lock."""
        self.direct = self._hears_itself()
        if not self.registered.is_set() or not workers.reconnect(self.engine.worker_id, direct=self.direct):
            self._register()
        if self.direct:
            query(f"LISTEN {CHANNEL}")
        self.wake.set()

    def _hears_itself(self) -> bool:
        """Whether this is a direct connection: a NOTIFY sent by another session is heard here.

        Behind a pooler one may hear what another worker sends itself just now.
        """
        channel = f"{CHANNEL}_{uuid.uuid4().hex}"
        query(f"LISTEN {channel}")
        raw = database().connection
        with _other_session() as other:
            other.execute(f"NOTIFY {channel}")
        heard = any(notice.channel == channel for notice in raw.notifies(timeout=1.0))
        query(f"UNLISTEN {channel}")
        return heard

    def _register(self) -> None:
        known = [f"{name}:{version}" for name, version in zip(self.engine.known.names, self.engine.known.versions, strict=True)]
        self.engine.worker_id = workers.register(
            self.options.name, queues=self.options.queues, definitions=known, direct=self.direct, lease=conf().LEASE
        )
        for predecessor in self.options.predecessors:
            for dead in workers.named(predecessor):
                self._take_over(dead)
        self.registered.set()

    def _listen(self) -> None:
        """Wait one heartbeat, waking the batch loop at each NOTIFY."""
        if not self.direct:
            self.ended.wait(conf().HEARTBEAT)
            return
        for _ in database().connection.notifies(timeout=conf().HEARTBEAT):
            self.wake.set()
            if self.ended.is_set():
                return

    def _beat(self) -> None:
        self._die_if_hanging()
        self.pool.give_up_overrun()
        self.end_with_parent()
        if not workers.beat(self.engine.worker_id):
            self._register()
        locks_count = self.direct and time.monotonic() - self._reconnected_at > conf().LEASE
        for dead in workers.find_dead(self.engine.worker_id, heartbeat=conf().HEARTBEAT, locks_count=locks_count):
            self._take_over(dead)
        due = idling.seconds_to_next_suspect(self.engine.known, left=1.0)
        self.suspects_due = due is not None and due <= 0
        if self.suspects_due:
            self.wake.set()
        if time.monotonic() - self._swept_at > SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            events.look_again()
            workers.forget_old()
            self.wake.set()

    def end_with_parent(self) -> None:
        """Stop the worker once nobody is left to replace it or to stop it."""
        if os.getppid() != self._parent:
            self.stop_worker()

    def _take_over(self, dead: int, *, died: bool = True) -> None:
        with answered(), transaction.atomic(using=conf().DATABASE):
            workers.take_over(dead, by=self.options.name, died=died)
        self.wake.set()

    def _die_if_hanging(self) -> None:
        """End the process if a step is over its time, or has kept away from the database for a whole lease."""
        step, current = self._step, self.engine.transaction
        now = time.monotonic()
        if step is not None and step[2].timeout is not None and now - step[3] > step[2].timeout:
            try:
                events.report_overrun(step[0], step[1], self.options.name)
            finally:
                self._replace_me()
        if current is not None and now - current.last_activity > self.engine.lease:
            self._replace_me()
        afterwards = self.engine.afterwards
        if afterwards is not None and now - afterwards[1] > self.engine.lease:
            error = TimeoutError(f"it has not returned for {self.engine.lease:g} s; its worker is replaced")
            signals.neighbour_failed.send_robust(Life, what=afterwards[0], error=error)
            self._replace_me()

    def _replace_me(self) -> NoReturn:
        """End the process for another to take its place, and say which workflow it hangs in, so that no other is tried for it."""
        current, running = self.engine.transaction, self.engine.running
        try:
            if current is not None and running is not None and current.transaction:
                with transaction.atomic(using=conf().DATABASE):
                    workers.suspect(running, current.transaction)
        finally:
            os._exit(REPLACE_ME)

    def _leave(self) -> None:
        """End the worker's row, and make runnable what it may still own."""
        try:
            self._take_over(self.engine.worker_id, died=False)
            database().close()
        except (DatabaseError, psycopg.Error):
            pass  # the lease will tell


def _other_session() -> psycopg.Connection[Any]:
    """Open one more session, as Django would, for one statement."""
    wrapper = database()
    return psycopg.connect(**{**wrapper.get_connection_params(), "autocommit": True})
