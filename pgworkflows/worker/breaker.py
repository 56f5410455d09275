"""Leaving an executor alone that cannot be used."""

from __future__ import annotations

import random
import time

from ..executors import ExecutorUnavailable

#: The pauses before one that broke is made anew: they double while no call comes back from it.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
#: How long after it broke those whom an executor turned away are still expected back.
LONGEST_MENDING = 10.0


class Breaker:
    """A circuit breaker: open for a pause after each failure, closed by the first call that comes back."""

    def __init__(self) -> None:
        self._error: ExecutorUnavailable | None = None
        self._failures, self._until = 0, 0.0
        #: When it broke, and when all whom it has turned away since then may have come back.
        self._broke, self.expected_back = 0.0, 0.0

    def why_open(self) -> ExecutorUnavailable | None:
        """Return the failure for which nothing is to be called now; None if it may be."""
        return self._error if self.seconds_left() > 0 else None

    def seconds_left(self) -> float:
        """Return for how long it stays open."""
        return self._until - time.monotonic()

    def open(self, error: BaseException) -> ExecutorUnavailable:
        """Open it for that failure, and longer than for the one before."""
        now = time.monotonic()
        if self._failures == 0:
            self._broke = now
        self._failures += 1
        self.turn_away()
        self._error = unavailable(error)
        pause = min(SHORTEST_PAUSE * 2.0 ** min(self._failures - 1, 10), LONGEST_PAUSE)
        self._until = now + pause * random.uniform(0.5, 1.0)
        return self._error

    def turn_away(self) -> None:
        """Expect back one that is turned away: it waits as long as it has been turned away, and a moment at first."""
        now = time.monotonic()
        if now - self._broke < LONGEST_MENDING:
            self.expected_back = max(self.expected_back, now + max(now - self._broke, 1.0))

    def close(self) -> None:
        """Close it, and begin with the shortest pause next time."""
        self._failures, self._error = 0, None


def unavailable(error: BaseException) -> ExecutorUnavailable:
    """Say of whatever was raised that the executor cannot be used."""
    return error if isinstance(error, ExecutorUnavailable) else ExecutorUnavailable(f"{type(error).__name__}: {error}")
