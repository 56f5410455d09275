"""How many workflows to claim at once."""

from __future__ import annotations

from .batch_state import Report


class Pacing:
    """Begin with one; double while batches are quick and full, halve when one was slow, met a lock or was lost.

    One that was stopped before its end says how many go into a batch. What counts is how long the bodies took: a slow
    server makes every batch dear, and small ones dearer still.

    After a start or a reconnect a worker is on probation: its first few batches are of one workflow each, whose try is
    committed first. If this process dies with it, the next one knows.
    """

    def __init__(self, largest: int, probation: int) -> None:
        self.largest = largest
        self.probation = probation
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin as after a start."""
        self.size, self.probation_left = 1, self.probation

    def learn(self, report: Report, budget: float) -> None:
        """Choose the next size by how the last batch went."""
        if report.lost or report.alone:
            self.size = max(1, self.size // 2)
        elif report.overran:
            self.size = max(1, report.advanced)
        elif report.seconds > budget:
            self.size = max(1, self.size // 2)
        elif report.claimed >= self.size and report.seconds < budget / 2:
            self.size = min(self.size * 2, self.largest)
