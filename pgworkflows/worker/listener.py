"""Hearing, on the worker's own connection, that there is something to do."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import psycopg

from ..store.connection import database, query

CHANNEL = "pgworkflows"


class Listener:
    """Wakes the batch loop at each NOTIFY, where NOTIFY comes through; `direct` says whether it does."""

    def __init__(self, wake: threading.Event, ended: threading.Event) -> None:
        self._wake, self._ended = wake, ended
        self.direct = False

    def find_out(self) -> bool:
        """Find out whether this is a direct connection: a NOTIFY sent by another session is heard here.

        Behind a pooler one may hear what another worker sends itself just now.
        """
        channel = f"{CHANNEL}_{uuid.uuid4().hex}"
        query(f"LISTEN {channel}")
        raw = database().connection
        with _other_session() as other:
            other.execute(f"NOTIFY {channel}")
        self.direct = any(notice.channel == channel for notice in raw.notifies(timeout=1.0))
        query(f"UNLISTEN {channel}")
        return self.direct

    def begin(self) -> None:
        """Hear of what comes from now on, and have the batch loop look at what came before."""
        if self.direct:
            query(f"LISTEN {CHANNEL}")
        self._wake.set()

    def listen(self, seconds: float) -> None:
        """Let that time pass, waking the batch loop at each NOTIFY."""
        if not self.direct:
            self._ended.wait(seconds)
            return
        for _ in database().connection.notifies(timeout=seconds):
            self._wake.set()
            if self._ended.is_set():
                return


def _other_session() -> psycopg.Connection[Any]:
    """Open one more session, as Django would, for one statement."""
    wrapper = database()
    return psycopg.connect(**{**wrapper.get_connection_params(), "autocommit": True})
