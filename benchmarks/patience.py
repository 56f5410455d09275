"""Waiting for something in the database, as long as that makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 900.0
LOOK_SECONDS = 0.2


class NeverHappened(RuntimeError):
    """What was waited for did not come."""


def wait_until(
    happened: Callable[[], bool],
    what: str,
    check: Callable[[], None] = lambda: None,
    *,
    longest: float = LONGEST,
    give_up: bool = False,
) -> None:
    """Look again and again; `check` raises when there is nothing left to wait for.

    After `longest` seconds it raises NeverHappened, or with `give_up` returns, for the counts to tell.
    """
    end = time.monotonic() + longest
    while not happened():
        check()
        if time.monotonic() > end:
            if give_up:
                return
            raise NeverHappened(f"waited {longest:.0f} s for {what}")
        time.sleep(LOOK_SECONDS)
