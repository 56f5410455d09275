"""Rates from the finish times in the database."""

from __future__ import annotations

from collections.abc import Sequence

#: The share of a backlog that counts as warming up: processes start, batches and caches grow.
WARM_UP = 0.2
HOW = "from the finish times in the database, between the moment a fifth of the backlog was done and the last"


def steady_rate(finished: Sequence[float]) -> float:
    """Return finishes a second after the first fifth; times are seconds in any order.

    Those that share the time of the cut (a batch commits at once) are counted before it.
    """
    times = sorted(finished)
    cut = times[int(len(times) * WARM_UP)]
    after = sum(time > cut for time in times)
    if not after:
        return len(times) / max(times[-1] - times[0], 0.001)
    return after / (times[-1] - cut)
