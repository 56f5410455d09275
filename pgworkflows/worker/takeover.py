"""Making runnable again what a worker that is gone had in hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from ..conf import conf
from ..execution.engine import Engine
from ..store import workers
from ..store.transactions import end_transactions_of, own_transaction
from ..telemetry import points


class Takeover:
    """Takes over, in one worker's name, the claims of others."""

    def __init__(self, engine: Engine, wake: threading.Event) -> None:
        self._engine, self._wake = engine, wake
        self._disconnected_at = float("-inf")

    def connection_lost(self) -> None:
        """Go by leases alone for one lease: others too may only have lost their connection, and their lock with it."""
        self._disconnected_at = time.monotonic()

    def take_over_predecessors(self, names: Iterable[str]) -> None:
        """Take over from the processes that this one replaces: certainly dead."""
        for name in names:
            for dead in workers.named(name):
                self.take_over(dead)

    def take_over_dead(self, *, direct: bool) -> None:
        """Take over from all but this worker that are dead by their lease or, where we are connected directly, by their lock."""
        locks_count = direct and time.monotonic() - self._disconnected_at > conf().LEASE
        for dead in workers.find_dead(self._engine.worker_id, heartbeat=conf().HEARTBEAT, locks_count=locks_count):
            self.take_over(dead)

    def take_over(self, worker: int, *, died: bool = True) -> None:
        """End a worker's row and its transactions, and make runnable what it owns."""
        end_transactions_of(worker)
        with own_transaction(self._engine.worker_id):
            workflows = workers.take_over(worker, by=self._engine.name, died=died)
        points.taken_over.emit(worker=self._engine.name, gone=worker, workflows=workflows)
        self._wake.set()
