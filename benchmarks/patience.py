"""Waiting for something in the database, as long as that makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.failures import NeverHappenedError

LONGEST = 900.0
LOOK_SECONDS = 0.2


def wait_until(
    happened: Callable[[], bool],
    what: str,
    check: Callable[[], None] = lambda: None,
    *,
    longest: float = LONGEST,
    give_up: bool = False,
) -> None:
    """Look again and again; `check` raises when there is nothing left to wait for.

    After `longest` seconds it raises NeverHappenedError, or with `give_up` returns, for the counts to tell.
    """
    end = time.monotonic() + longest
    while not happened():
        check()
        if time.monotonic() > end:
            if give_up:
                return
            raise NeverHappenedError(what, longest)
        time.sleep(LOOK_SECONDS)
