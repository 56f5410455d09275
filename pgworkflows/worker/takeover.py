"""Making runnable again what a worker that is gone had in hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from django.db import transaction

from ..conf import conf
from ..store import workers
from ..store.connection import answered
from ..telemetry import points


class Takeover:
    """Takes over, in one worker's name, the claims of others."""

    def __init__(self, name: str, wake: threading.Event) -> None:
        self._name, self._wake = name, wake
        self._disconnected_at = float("-inf")

    def connection_lost(self) -> None:
        """Go by leases alone for one lease: others too may only have lost their connection, and their lock with it."""
        self._disconnected_at = time.monotonic()

    def take_over_predecessors(self, names: Iterable[str]) -> None:
        """Take over from the processes that this one replaces: certainly dead."""
        for name in names:
            for dead in workers.named(name):
                self.take_over(dead)

    def take_over_dead(self, worker: int, *, direct: bool) -> None:
        """Take over from all but this worker that are dead by their lease or, where we are connected directly, by their lock."""
        locks_count = direct and time.monotonic() - self._disconnected_at > conf().LEASE
        for dead in workers.find_dead(worker, heartbeat=conf().HEARTBEAT, locks_count=locks_count):
            self.take_over(dead)

    def take_over(self, worker: int, *, died: bool = True) -> None:
        """End a worker's row, and make runnable what it owns."""
        with answered(), transaction.atomic(using=conf().DATABASE):
            workflows = workers.take_over(worker, by=self._name, died=died)
        points.taken_over.emit(worker=self._name, gone=worker, workflows=workflows)
        self._wake.set()
