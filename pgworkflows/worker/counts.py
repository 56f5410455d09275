"""What a worker has done, for its supervisor to show."""

from __future__ import annotations

from typing import Any

from ..execution.batch_state import Report
from ..telemetry import points


class Counts(dict[str, int]):
    """Batches committed, workflows run in them, workflows that ended, outside calls, and transactions that were lost."""

    def __init__(self, worker: str) -> None:
        super().__init__(batches=0, workflows=0, finished=0, calls=0, lost=0)
        self._worker = worker

    def begin(self) -> None:
        """Count from now on."""
        points.batch.subscribe(self._add_batch)
        points.call.subscribe(self._add_call)

    def end(self) -> None:
        """Count no more."""
        points.batch.unsubscribe(self._add_batch)
        points.call.unsubscribe(self._add_call)

    def _add_batch(self, worker: str, report: Report, **_: Any) -> None:
        if worker == self._worker:
            self["batches"] += report.advanced > 0
            self["workflows"] += report.advanced
            self["finished"] += report.finished
            self["lost"] += bool(report.lost)

    def _add_call(self, worker: str, **_: Any) -> None:
        self["calls"] += worker == self._worker
