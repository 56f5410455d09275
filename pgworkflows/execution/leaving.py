"""Leaving a body that catches whatever is raised and goes on, as a loop round a bare `except:` does."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from .control_flow import Suspended

#: So often a body may catch what ends it, before it is left by force.
MOST_CAUGHT = 10
#: Within so many lines behind the call there is one outside of all its `try`.
FARTHEST = 8


def leave(caught: int, outermost: str) -> None:
    """Have a line raise Suspended that the callers run next: no `except:` holds for what its own handler raises.

    Each time it is a line farther on. The callers reach up to the first function of the module `outermost`.
    """
    left = 1 + caught % FARTHEST

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if not left:
                raise Suspended
        return trace

    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") != outermost:
        if not str(frame.f_globals.get("__name__")).startswith("pgworkflows.execution."):
            frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(lambda *_: None)  # frames are traced only where the thread is


class TracingKept:
    """Gives a debugger, or who measures coverage, back what `leave` has taken."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = sys.gettrace()

    def __exit__(self, *_: object) -> None:
        if sys.gettrace() is not self._before:
            sys.settrace(self._before)
