"""Latency as the caller sees it: from the return of its commit until a look every half millisecond finds the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from benchmarks.failures import NeverHappenedError

#: Seconds between one end and the next start, at random.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.03, 0.15
LOOK_SECONDS = 0.0005
LONGEST = 60.0


def sample(
    url: str, start: Callable[[], Any], done: str, samples: int, warm_up: int, longest_pause: float = LONGEST_PAUSE
) -> list[float]:
    """Start one thing after another, with pauses in between, and return the milliseconds that each took.

    `start` returns an id after its commit; `done` is a statement that says with %(id)s whether that one has ended.
    """
    taken = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(samples + warm_up):
            time.sleep(random.uniform(SHORTEST_PAUSE, longest_pause))
            identity = start()
            taken.append(_seconds_until(connection, done, identity) * 1000)
    return taken[warm_up:]


def _seconds_until(connection: psycopg.Connection[Any], done: str, identity: Any) -> float:
    began = time.perf_counter()
    while True:
        found = connection.execute(done, {"id": identity}, prepare=True).fetchone()
        seconds = time.perf_counter() - began
        if found is not None and found[0]:
            return seconds
        if seconds > LONGEST:
            raise NeverHappenedError(f"{identity} to end", LONGEST)
        time.sleep(LOOK_SECONDS)


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 (nearest rank)."""
    listed = sorted(milliseconds)
    return {f"p{share}": listed[min(len(listed) - 1, round(share / 100 * (len(listed) - 1)))] for share in (50, 95, 99)}
