"""Ending a run at a named point, as if the process had died there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(slots=True)
class Trap:
    """Counts how often the run comes to a point, and crashes it there once."""

    point: str
    occurrence: int
    seen: int = 0

    @property
    def sprung(self) -> bool:
        """Whether it has crashed the run."""
        return self.seen >= self.occurrence

    def around(self, original: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
        """Return the function with the crash before its call, or after it."""

        def crashing(*args: Any, **kwargs: Any) -> Any:
            self.seen += 1
            here = self.seen == self.occurrence
            if before and here:
                raise SimulatedCrash(self.point)
            value = original(*args, **kwargs)
            if here:
                raise SimulatedCrash(self.point)
            return value

        return crashing


@contextmanager
def trap_at(point: str, occurrence: int) -> Iterator[Trap]:
    """Set a trap for as long as the block lasts; the SimulatedCrash is for the caller to catch."""
    if point not in _PLACES:
        raise ValueError(f"crash_at({point!r}): no such point. There are {', '.join(CRASH_POINTS)}.")
    where, name, before = _PLACES[point]
    original: Callable[..., Any] = getattr(where, name)
    trap = Trap(point, occurrence)
    setattr(where, name, trap.around(original, before=before))
    try:
        yield trap
    finally:
        setattr(where, name, original)


@contextmanager
def crash_at(point: str, *, occurrence: int = 1) -> Iterator[None]:
    """Raise SimulatedCrash the n-th time the run comes to the point, and expect that it does.

    Points: before_step, after_step, before_flush, before_commit, after_commit, before_outside_call, after_outside_call.
    """
    with trap_at(point, occurrence) as trap:
        try:
            yield
        except SimulatedCrash:
            return
    raise AssertionError(f"The run came to {point!r} {trap.seen} times, so it did not crash at occurrence {occurrence}.")
