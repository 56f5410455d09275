"""How many workflows to claim at once."""

from __future__ import annotations

from ..execution.batch import Report


class Pacing:
    """Begin with one; double while batches are quick and full, halve when one was slow, met a lock or was lost.

    One that was stopped before its end says how many go into a batch. What counts is how long the bodies took: a slow
    server makes every batch dear, and small ones dearer still.

    After a start or a reconnect the first few batches are careful ones, of one workflow each, whose try is committed
    first: if this process dies with it, the next one knows.
    """

    def __init__(self, largest: int, careful: int) -> None:
        self.largest = largest
        self.careful = careful
        self.be_careful()

    def be_careful(self) -> None:
        """Begin anew, as after a start."""
        self.size, self.careful_left = 1, self.careful

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
