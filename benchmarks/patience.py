"""Waiting for something in the database, as long as that makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.failures import NeverHappenedError

LONGEST = 300.0
#: So seldom that looking takes nothing from what is measured; rates come from the times in the database.
LOOK_SECONDS = 0.5


def wait_until(
    happened: Callable[[], bool],
    what: str,
    check: Callable[[], None] = lambda: None,
    standing: Callable[[], str] = lambda: "",
    *,
    longest: float = LONGEST,
    give_up: bool = False,
) -> None:
    """Look again and again; `check` raises when there is nothing left to wait for.

    After `longest` seconds it raises NeverHappenedError with what `standing` says, or with `give_up` returns, for the
    counts to tell.
    """
    end = time.monotonic() + longest
    while not happened():
        check()
        if time.monotonic() > end:
            if give_up:
                return
            raise NeverHappenedError(what, longest, standing())
        time.sleep(LOOK_SECONDS)
