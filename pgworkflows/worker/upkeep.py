"""What any worker does now and then for all of them: the sweeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..store import events, workers
from ..store.schedules import firing
from ..telemetry import points


@dataclass(frozen=True, slots=True)
class Sweep:
    """Something that is due again `every` so many seconds; all workers do it, so that it must bear being done twice at once.

    Where `run` returns true, there may be something for the batch loop.
    """

    name: str
    every: float
    run: Callable[[], Any]


SWEEPS = (
    Sweep("waits that no event was matched with", 10.0, events.look_again),
    Sweep("schedules that are due", 1.0, firing.fire_due),
    Sweep("rows of workers that ended", 10.0, workers.forget_old),
)


class Upkeep:
    """Runs the sweeps when they are due, the first time after their interval."""

    def __init__(self, wake: threading.Event, sweeps: tuple[Sweep, ...] = SWEEPS) -> None:
        self._wake = wake
        self._due = {sweep: time.monotonic() + sweep.every for sweep in sweeps}

    def sweep(self) -> None:
        """Run what is due, and wake the batch loop where that found something."""
        for sweep, due in self._due.items():
            began = time.monotonic()
            if began >= due:
                self._due[sweep] = began + sweep.every
                if sweep.run():
                    self._wake.set()
                points.swept.emit(sweep=sweep.name, seconds=time.monotonic() - began)
