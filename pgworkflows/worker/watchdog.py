"""Ending a process that hangs: in a step, in what follows a commit, or in a database that does not answer."""

from __future__ import annotations

import os
import threading
import time
from typing import NoReturn

from ..execution.engine import Engine
from ..store import events, transactions
from ..store.connection import unanswered
from ..telemetry import points
from .options import REPLACE_ME

#: How often it looks in a lease, and for how many leases the same answer may be missing. A takeover may wait for a whole
#: one, until the server ends the transaction of a worker that was stopped.
LOOKS, LEASES = 4, 2


class Watchdog(threading.Thread):
    """Ends the process when one of its threads hangs: what it ran is taken over, and it is replaced.

    What hangs in users' code is found with each heartbeat, whose connection tells which workflow it is. A cut that a
    firewall or a proxy hides is seen by nothing but this thread: TCP may keep such a connection for hours. While a batch is
    open only its steps are looked at: one may be busy in the database for however long.
    """

    def __init__(self, engine: Engine, heartbeat: threading.Thread, ended: threading.Event) -> None:
        super().__init__(name="pgworkflows-watchdog", daemon=True)
        self.engine, self.heartbeat, self.ended = engine, heartbeat, ended
        #: How many times in a row the open batch looked silent.
        self._silent = 0

    def end_if_hanging(self) -> None:
        """End the process if users' code hangs: called by the heartbeat, on its connection."""
        self._end_overrun_step()
        self._end_silent_step()
        self._end_hook()

    def _end_overrun_step(self) -> None:
        """End it for a step that is over its time, and leave word of that."""
        if (current := self.engine.step) is None:
            return
        workflow, position, step, began = current
        if step.timeout is not None and time.monotonic() - began > step.timeout:
            try:
                events.report_overrun(workflow, position, self.engine.name)
            finally:
                self._replace_me()

    def _end_silent_step(self) -> None:
        """End it for a batch that has kept away from the database for a whole lease, or waits for an answer that is not to come.

        The server may be at work for however long. Where it is not, the answer may just be coming in. Word is left
        of the workflow it hangs in, so that no other process is lost to it.
        """
        self._silent = self._silent + 1 if self._is_silent() else 0
        if self._silent > 1:
            try:
                if (running := self.engine.running) is not None:
                    events.report_hang(running, self.engine.name)
            finally:
                self._replace_me()

    def _is_silent(self) -> bool:
        current = self.engine.transaction
        if current is None or time.monotonic() - current.last_activity <= self.engine.lease:
            return False
        return not (current.transaction and transactions.at_work(current.transaction))

    def _end_hook(self) -> None:
        """End it for what follows a commit and has not returned for a whole lease."""
        if (current := self.engine.afterwards) is None:
            return
        what, began = current
        if time.monotonic() - began > self.engine.lease:
            error = TimeoutError(f"it has not returned for {self.engine.lease:g} s; its worker is replaced")
            points.failed.emit(what=what, error=error)
            self._replace_me()

    def _replace_me(self) -> NoReturn:
        """End the process and its transaction, for another to take its place."""
        current = self.engine.transaction
        try:
            if current is not None and current.transaction:
                transactions.end_transaction(current.transaction)
        finally:
            os._exit(REPLACE_ME)

    def run(self) -> None:
        """Look for answers that are missing until the worker ends; looks are counted, since a stopped process cannot hear."""
        seen, looks = None, 0
        while not self.ended.wait(self.engine.lease / LOOKS):
            since = self.unanswered_since()
            looks = looks + 1 if since is not None and since == seen else 0
            seen = since
            if looks >= LOOKS * LEASES:
                error = TimeoutError(f"no answer for {LEASES * self.engine.lease:g} s")
                points.failed.emit(what="the worker's database connection", error=error)
                os._exit(1)

    def unanswered_since(self) -> float | None:
        """Return since when the heartbeat, or the batch loop outside a batch, waits for an answer; None if they do not."""
        threads: list[threading.Thread] = [self.heartbeat]
        if self.engine.transaction is None:
            threads.append(threading.main_thread())
        return min((unanswered[t.ident] for t in threads if t.ident in unanswered), default=None)
