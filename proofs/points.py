"""The named points at which a worker process can be made to kill itself, by patching the engine from outside.

Those that a test can reach by `pgworkflows.testing.crash_at` have its names; the others lie where only a real worker
comes by: inside the flush, during takeover, during compensation, during delivery.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

#: "after_commit:3" kills at the third time; the file gets a line for each death.
POINT, DEATHS = "PROOFS_KILL_AT", "PROOFS_DEATHS"


def places() -> dict[str, tuple[Any, str, bool]]:
    """Return for each point where it is, the name there, and whether death comes before the call or after it."""
    from pgworkflows.execution import attempts, batch, outside, sagas
    from pgworkflows.execution.transaction import FusedTransaction
    from pgworkflows.store import checkpoints, events, idling, workers
    from pgworkflows.worker import pool

    return {
        "before_step": (attempts, "_attempt_inside", True),
        "after_step": (FusedTransaction, "end_step", False),
        "before_flush": (batch, "_flush", True),
        "inside_flush": (checkpoints, "update_workflows", True),
        "before_commit": (batch, "_flush", False),
        "after_commit": (batch, "_after_commit", True),
        "before_outside_call": (outside, "_enter", True),
        "after_outside_call": (pool.OutsidePool, "_land", True),
        "during_takeover": (workers, "take_over", False),
        "during_compensation": (sagas, "attempt", True),
        "after_compensation": (sagas, "attempt", False),
        "during_delivery": (events, "deliver", False),
        "after_trying": (idling, "choose_one", False),
    }


POINTS = (
    "before_step", "after_step", "before_flush", "inside_flush", "before_commit", "after_commit", "before_outside_call",
    "after_outside_call", "during_takeover", "during_compensation", "after_compensation", "during_delivery", "after_trying",
)  # fmt: skip


def kill_at(point: str, occurrence: int) -> None:
    """Have this process kill itself the n-th time that it comes to the point."""
    where, name, before = places()[point]
    original: Callable[..., Any] = getattr(where, name)
    seen = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        seen += 1
        if not before:
            value = original(*args, **kwargs)
        if seen == occurrence:
            die(point)
        return original(*args, **kwargs) if before else value

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
