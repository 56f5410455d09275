"""The engine's own events among those of a workflow: what workers and verbs have left word of."""

from __future__ import annotations

import json

from ..store.records import WaitingEvent
from ..values.position import Position
from .run import Run


def take_word_of_hang(run: Run) -> bool:
    """Return whether a worker left word that it hung in this."""
    return bool(_take_events(run, "$hanging"))


def take_own_events(run: Run) -> None:
    """Take the engine's own events out of those that a body may wait for."""
    for event in _take_events(run, "$"):
        if event.name == "$cancel" and run.row.cancel_requested_at is None:
            run.row.cancel_requested_at, run.row.cancel_request = run.now(), event.payload
        if event.name == "$timeout" and event.payload:
            run.overran.add(Position(**json.loads(event.payload)))


def _take_events(run: Run, prefix: str) -> list[WaitingEvent]:
    taken = [event for event in run.events if event.name.startswith(prefix)]
    run.events = [event for event in run.events if event not in taken]
    run.dropped += [event.id for event in taken]
    return taken
