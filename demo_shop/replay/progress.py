"""A bar that grows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import IO

WIDTH = 40
#: Seconds between two drawings; where nobody watches, a line each tenth is enough.
EVERY = 0.2


@dataclass(slots=True)
class ProgressBar:
    """Shows how many of `total` are done, and how many a minute."""

    total: int
    out: IO[str]
    began: float = field(default_factory=time.monotonic)
    drawn: float = 0.0
    tenths: int = 0

    def show(self, done: int) -> None:
        """Draw it anew: on a terminal in place, elsewhere a line for each tenth."""
        if self.out.isatty():
            if done < self.total and time.monotonic() - self.drawn < EVERY:
                return
            self.drawn = time.monotonic()
            self.out.write(f"\r{self._line(done)}{'' if done < self.total else chr(10)}")
        elif (tenths := 10 * done // max(self.total, 1)) > self.tenths:
            self.tenths = tenths
            self.out.write(f"{self._line(done)}\n")
        self.out.flush()

    def _line(self, done: int) -> str:
        full = WIDTH * done // max(self.total, 1)
        return f"[{'#' * full}{'.' * (WIDTH - full)}] {done:>6,} of {self.total:,} cases, {self.rate(done):,.0f} a minute"

    def rate(self, done: int) -> float:
        """Return how many a minute that is since it began."""
        return 60 * done / max(time.monotonic() - self.began, 0.001)
