"""Where a workflow stands after a batch, and what is charged to its steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..models.waits import Wait
from .outside import OutsideCall

#: After so many tries in vain in a row a workflow is not tried any more.
MOST_CRASHES = 5
#: Of so many waits of its branches a workflow's row tells.
MOST_TOLD = 20


class Stop(NamedTuple):
    """Where one branch stands still: when it goes on by itself, if it does, and whether something else may wake it."""

    due: datetime | None
    wait: Wait | None
    listens: bool


def told(stops: Iterable[Stop]) -> list[Wait]:
    """Return what is written of several branches' waits: shortest titles first, what differs in its moments only once."""
    waits = [stop.wait for stop in stops if stop.wait is not None]
    if len(waits) < 2:
        return waits
    distinct = {tuple(fact for fact in wait.items() if fact[0] not in ("since", "until")): wait for wait in reversed(waits)}
    return sorted(distinct.values(), key=lambda wait: len(wait["title"]))[:MOST_TOLD]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where the workflow stands after this batch."""

    status: str
    available_at: datetime | None = None
    result: str | None = None
    error: str | None = None
    waiting_for: list[Wait] = field(default_factory=list)
    #: Whether calls are in flight, for which this worker answers; it is woken then when they land, and at that time.
    owned: bool = False
    wake_at: datetime | None = None
    #: Whether an owned one may be woken by anything but its calls.
    listens: bool = False
    #: The calls to begin.
    calls: list[OutsideCall] = field(default_factory=list)
    #: What `error` was made from, where this process raised it.
    raised: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """An attempt that failed in a transaction, or behind a savepoint, that is gone: it counts when its call comes up again."""

    error: BaseException
    #: The call, and when it began; None where whatever is called at that position is charged.
    call: object = None
    began: datetime | None = None
