"""The named points at which a worker process can be made to kill itself.

Those that a test can reach by `pgworkflows.testing.crash_at` are the same; the others lie where only a real worker comes by,
in the midst of something of which nothing is told: inside the flush, during takeover, compensation, delivery. The engine is
patched for them from outside.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

#: "after_commit:3" kills at the third time; the file gets a line for each death.
POINT, DEATHS = "PROOFS_KILL_AT", "PROOFS_DEATHS"


def inner_places() -> dict[str, tuple[Any, str, bool]]:
    """Return for each point of our own where it is, the name there, and whether death comes before the call or after it."""
    from pgworkflows.execution import sagas
    from pgworkflows.store import checkpoints, events, queues, workers

    return {
        "inside_flush": (checkpoints, "update_workflows", True),
        "during_takeover": (workers, "take_over", False),
        "during_compensation": (sagas, "attempt", True),
        "after_compensation": (sagas, "attempt", False),
        "during_delivery": (events, "deliver", False),
        "after_trying": (queues, "choose_one", False),
    }


POINTS = (
    "before_step", "after_step", "before_flush", "inside_flush", "before_commit", "after_commit", "before_outside_call",
    "after_outside_call", "during_takeover", "during_compensation", "after_compensation", "during_delivery", "after_trying",
)  # fmt: skip


def kill_at(point: str, occurrence: int) -> None:
    """Have this process kill itself the n-th time that it comes to the point."""
    from pgworkflows.testing.crashes import PLACES

    seen = 0

    def come_by(**facts: Any) -> None:
        nonlocal seen
        if point not in PLACES or PLACES[point].here(**facts):
            seen += 1
            if seen == occurrence:
                die(point)

    if point in PLACES:
        PLACES[point].point.subscribe(come_by)
    else:
        _patch(*inner_places()[point], come_by)


def _patch(where: Any, name: str, before: bool, come_by: Callable[[], None]) -> None:
    original: Callable[..., Any] = getattr(where, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if before:
            come_by()
        value = original(*args, **kwargs)
        if not before:
            come_by()
        return value

    setattr(where, name, deadly)


def die(point: str) -> None:
    """Leave word, and end without any."""
    descriptor = os.open(os.environ[DEATHS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(descriptor, f"{point} {os.getpid()}\n".encode())
    os.kill(os.getpid(), signal.SIGKILL)


def from_environment() -> None:
    """Do what the environment of this process says."""
    told = os.environ.get(POINT)
    if told:
        point, occurrence = told.split(":")
        kill_at(point, int(occurrence))
