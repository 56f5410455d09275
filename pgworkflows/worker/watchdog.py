"""Ending a process whose database does not answer, and does not say that it is gone either."""

from __future__ import annotations

import os
import threading

from .. import signals
from ..execution.engine import Engine
from ..store.connection import unanswered
from .life import Life

#: How often it looks in a lease, and for how many leases the same answer may be missing. A takeover may wait for a whole
#: one, until the server ends the transaction of a worker that was stopped.
LOOKS, LEASES = 4, 2


class Watchdog(threading.Thread):
    """Ends the process when one of its threads has waited for two leases: its claims are long taken over, it is replaced.

    A cut that a firewall or a proxy hides is seen by nothing else: TCP may keep such a connection for hours. While a
    batch is open, `Life` looks at how long it hangs; a step may be busy in the database for however long.
    """

    def __init__(self, engine: Engine, life: Life) -> None:
        super().__init__(name="pgworkflows-watchdog", daemon=True)
        self.engine, self.life = engine, life

    def run(self) -> None:
        """Look again and again, until the worker ends; looks are counted, since a stopped process has no time to hear."""
        seen, looks = None, 0
        while not self.life.ended.wait(self.engine.lease / LOOKS):
            since = self.unanswered_since()
            looks = looks + 1 if since is not None and since == seen else 0
            seen = since
            if looks >= LOOKS * LEASES:
                error = TimeoutError(f"no answer for {LEASES * self.engine.lease:g} s")
                signals.neighbour_failed.send_robust(Watchdog, what="the worker's database connection", error=error)
                os._exit(1)

    def unanswered_since(self) -> float | None:
        """Return since when the signs of life, or the batch loop outside a batch, wait for an answer; None if they do not."""
        threads: list[threading.Thread] = [self.life]
        if self.engine.transaction is None:
            threads.append(threading.main_thread())
        return min((unanswered[t.ident] for t in threads if t.ident in unanswered), default=None)
