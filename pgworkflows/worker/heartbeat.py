"""The worker's signs of life, on a connection of its own; and, with each, what must go on while a batch runs."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable

import psycopg
from django.db import Error as DatabaseError

from ..conf import conf
from ..execution.agenda import Agenda
from ..store import queues, workers
from ..store.connection import database
from ..telemetry import points
from .listener import Listener
from .options import WorkerOptions
from .pool import OutsidePool
from .takeover import Takeover
from .upkeep import Upkeep
from .watchdog import Watchdog

LONGEST_PAUSE = 5.0


class Heartbeat(threading.Thread):
    """Registers the worker, and shows twice a second that it lives."""

    def __init__(
        self,
        options: WorkerOptions,
        agenda: Agenda,
        pool: OutsidePool,
        wake: threading.Event,
        stop: Callable[[], None],
        give_way: Callable[[Exception], None],
    ):
        super().__init__(name="pgworkflows-heartbeat", daemon=True)
        self.options, self.agenda, self.engine, self.pool = options, agenda, agenda.engine, pool
        self.wake, self.stop_worker, self.give_way = wake, stop, give_way
        self.registered = threading.Event()
        self.ended = threading.Event()
        self.listener = Listener(wake, self.ended)
        self.takeover = Takeover(self.engine, wake)
        self.upkeep = Upkeep(wake)
        self.watchdog = Watchdog(self.engine, self, self.ended)
        self._parent = options.supervisor or os.getppid()

    @property
    def direct(self) -> bool:
        """Whether the worker hears NOTIFY."""
        return self.listener.direct

    def run(self) -> None:
        """Go on until told to end, through lost connections."""
        self.watchdog.start()
        pause = 0.1
        while not self.ended.is_set():
            try:
                self._connect()
                pause = 0.1
                while not self.ended.is_set():
                    self.listener.listen(conf().HEARTBEAT)
                    self._beat()
            except (DatabaseError, psycopg.Error, OSError) as error:
                self._connection_lost(error)
                self.ended.wait(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE)
        self._leave()

    def _connect(self) -> None:
        """Find out whether NOTIFY comes through, and get or renew the worker's row and its lock."""
        direct = self.listener.find_out()
        if not self.registered.is_set() or not workers.reconnect(self.engine.worker_id, direct=direct):
            self._register()
        self.listener.begin()

    def _register(self) -> None:
        known = self.engine.known.definitions()
        self.engine.worker_id = workers.register(
            self.options.name, queues=self.options.queues, definitions=known, direct=self.direct, lease=conf().LEASE
        )
        self.takeover.take_over_predecessors(self.options.predecessors)
        self.registered.set()

    def _beat(self) -> None:
        self.watchdog.end_if_hanging()
        self.pool.give_up_overrun()
        self.end_with_parent()
        if not workers.beat(self.engine.worker_id, leaving=self.engine.stopping):
            self._register()
        self.takeover.take_over_dead(direct=self.direct)
        self._look_for_suspects()
        self.upkeep.sweep()

    def _look_for_suspects(self) -> None:
        due = queues.seconds_to_next_suspect(self.engine.known, left=1.0)
        self.agenda.suspects_due = due is not None and due <= 0
        if self.agenda.suspects_due:
            self.wake.set()

    def _connection_lost(self, error: Exception) -> None:
        points.failed.emit(what="the worker's own connection", error=error)
        database().close()
        self.give_way(error)
        self.listener.direct = False
        self.takeover.connection_lost()
        self.watchdog.end_if_hanging()
        self.end_with_parent()

    def end_with_parent(self) -> None:
        """Stop the worker once nobody is left to replace it or to stop it."""
        if os.getppid() != self._parent:
            self.stop_worker()

    def _leave(self) -> None:
        """End the worker's row, and make runnable what it may still own."""
        try:
            self.takeover.take_over(self.engine.worker_id, died=False)
            database().close()
        except (DatabaseError, psycopg.Error):
            pass  # the lease will tell
