"""Leaving a body that catches whatever is raised and goes on, as a loop round a bare `except:` does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..definitions.scope import current_scope
from .control_flow import Suspended

#: So often a body may catch what ends it, before it is left by force.
MOST_CAUGHT = 10
#: Within so many lines behind the call there is one outside of all its `try`.
FARTHEST = 8
#: Whose functions call bodies.
OUTERMOST = ("pgworkflows.execution.advance", "pgworkflows.execution.branches.running")


class Leaving(Suspended):
    """Raised by force. Who catches it too and goes on, as a loop round the first one does, meets it at the next line again."""

    def __del__(self) -> None:
        scope: Any = current_scope.get()
        if scope is not None and scope.in_body and scope.suspended:
            _raise_at(1)


def leave(caught: int) -> None:
    """Have a line of the body raise Leaving that runs next: no `except:` holds for what its own handler raises.

    Each time it is a line farther on.
    """
    _raise_at(1 + caught % FARTHEST)


def _raise_at(left: int) -> None:
    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if not left:
                raise Leaving
        return trace

    callers = list(_callers(sys._getframe(1)))
    for frame in callers:
        frame.f_trace = trace
    if callers:
        sys.settrace(lambda *_: None)  # frames are traced only where the thread is


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    """Return the body and what it has called, without what is the engine's."""
    while frame is not None and (module := str(frame.f_globals.get("__name__"))) not in OUTERMOST:
        if not module.startswith("pgworkflows.execution."):
            yield frame
        frame = frame.f_back


class TracingKept:
    """Gives a debugger, or who measures coverage, back what `leave` has taken."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = sys.gettrace()

    def __exit__(self, *_: object) -> None:
        if sys.gettrace() is not self._before:
            sys.settrace(self._before)


def calling_line() -> str:
    """Say at which line of whose code the engine was called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("pgworkflows."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "the body"
