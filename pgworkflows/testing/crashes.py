"""Ending a run at a named point, as if the process had died there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..execution import attempts, batch
from ..execution.control_flow import ControlFlow
from ..execution.transaction import FusedTransaction
from . import runner


class SimulatedCrash(ControlFlow):
    """Raised at the point; nothing after it happens, and what was not committed is gone."""

    def __init__(self, point: str) -> None:
        self.point = point
        super().__init__(point)


#: point: (where it is, the name there, whether the crash comes before the call or after it)
_PLACES: dict[str, tuple[Any, str, bool]] = {
    "before_step": (attempts, "_attempt_inside", True),
    "after_step": (FusedTransaction, "end_step", False),
    "before_flush": (batch, "_flush", True),
    "before_commit": (batch, "_flush", False),
    "after_commit": (batch, "_after_commit", True),
    "before_outside_call": (runner, "perform_inline", True),
    "after_outside_call": (runner, "perform_inline", False),
}
CRASH_POINTS = tuple(_PLACES)


@contextmanager
def crash_at(point: str, *, occurrence: int = 1) -> Iterator[None]:
    """Raise SimulatedCrash the n-th time the run comes to the point, and expect that it does.

    Points: before_step, after_step, before_flush, before_commit, after_commit, before_outside_call, after_outside_call.
    """
    if point not in _PLACES:
        raise ValueError(f"crash_at({point!r}): no such point. There are {', '.join(CRASH_POINTS)}.")
    where, name, before = _PLACES[point]
    original: Callable[..., Any] = getattr(where, name)
    seen = 0

    def crashing(*args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        seen += 1
        if before and seen == occurrence:
            raise SimulatedCrash(point)
        value = original(*args, **kwargs)
        if seen == occurrence:
            raise SimulatedCrash(point)
        return value

    setattr(where, name, crashing)
    try:
        yield
    except SimulatedCrash:
        return
    finally:
        setattr(where, name, original)
    raise AssertionError(f"The run came to {point!r} {seen} times, so it did not crash at occurrence {occurrence}.")
