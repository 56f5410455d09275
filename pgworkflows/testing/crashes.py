"""Ending a run at a named point, as if the process had died there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..definitions.step import Step
from ..execution.control_flow import ControlFlow
from ..telemetry import points
from ..telemetry.points import Point


class SimulatedCrash(ControlFlow):
    """Raised at the point; nothing after it happens, and what was not committed is gone."""

    def __init__(self, point: str) -> None:
        self.point = point
        super().__init__(point)


def _atomic(step: Step[..., Any], **_: Any) -> bool:
    return step.atomic


def _outside(step: Step[..., Any], **_: Any) -> bool:
    return not step.atomic


def _anywhere(**_: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a crash point is: a point of the telemetry, and which of its facts mean it."""

    point: Point
    here: Callable[..., bool] = _anywhere


PLACES = {
    "before_step": Place(points.step_begun, _atomic),
    "after_step": Place(points.step_ended, lambda **facts: _atomic(**facts) and facts["error"] is None),
    "before_flush": Place(points.flush_begun),
    "before_commit": Place(points.flush_ended),
    "after_commit": Place(points.committed),
    "before_outside_call": Place(points.step_begun, _outside),
    "after_outside_call": Place(points.step_ended, _outside),
}
CRASH_POINTS = tuple(PLACES)


@dataclass(slots=True)
class Trap:
    """Counts how often the run comes to a point, and crashes it there once."""

    name: str
    place: Place
    occurrence: int
    seen: int = 0

    @property
    def sprung(self) -> bool:
        """Whether it has crashed the run."""
        return self.seen >= self.occurrence

    def come_by(self, **facts: Any) -> None:
        """Crash if this is the time."""
        if self.place.here(**facts):
            self.seen += 1
            if self.seen == self.occurrence:
                raise SimulatedCrash(self.name)


@contextmanager
def trap_at(name: str, occurrence: int) -> Iterator[Trap]:
    """Set a trap for as long as the block lasts; the SimulatedCrash is for the caller to catch."""
    if name not in PLACES:
        raise ValueError(f"crash_at({name!r}): no such point. There are {', '.join(CRASH_POINTS)}.")
    trap = Trap(name, PLACES[name], occurrence)
    with trap.place.point.subscribed(trap.come_by):
        yield trap


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
