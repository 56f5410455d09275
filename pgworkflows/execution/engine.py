"""What the batches of one worker share."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..conf import conf
from ..definitions.registry import registry
from ..definitions.step import Step
from ..store.claims import CallKey, Known
from ..values.position import START, Position
from .outside import OutsideResult
from .transaction import FusedTransaction

#: How many failures of workflows that undo their steps are kept in memory.
MOST_RAISED = 100

#: Stands for the position in a charge that is no single step's.
WHOLE_RUN = START


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no call of a step may begin now (None: there is no room), and for how many seconds."""

    error: BaseException | None
    seconds: float


class Room(NamedTuple):
    """How many calls could begin at once where a step's are made, and how many can be in flight there."""

    free: int
    of: int


Refuses = Callable[["Step[..., Any]"], Refusal | None]


def _endless(step: Step[..., Any]) -> Room | None:
    return None


def _refuses_nothing(step: Step[..., Any]) -> None:
    return None


def known_definitions(queues: list[str] | None = None) -> Known:
    """Return what this process's code can run."""
    known = [workflow for _, workflow in sorted(registry.workflows.items())]
    return Known([w.name for w in known], [w.version for w in known], [w.fingerprint for w in known], queues)


@dataclass(slots=True, kw_only=True)
class Engine:
    """A worker's identity and options; what came back from outside waits here until it is committed."""

    worker_id: int
    name: str
    known: Known
    batch_seconds: float = field(default_factory=lambda: conf().BATCH_SECONDS)
    lease: float = field(default_factory=lambda: conf().LEASE)
    #: Seconds that a step of a shared batch, and of a batch of one, waits for a row lock before that is a conflict.
    lock_timeout: float = 0.01
    lock_timeout_alone: float = 0.5
    #: Whether another transaction of the caller's is around ours, as in a test.
    nested: bool = False
    results: dict[CallKey, OutsideResult] = field(default_factory=dict)
    #: What to charge a workflow with when it comes up again, at which position and which step: the transaction that showed
    #: it is gone.
    charges: dict[uuid.UUID, tuple[Position, str, BaseException]] = field(default_factory=dict)
    #: Workflows whose transaction was lost although it was theirs alone, and why: to be set aside.
    aside: dict[uuid.UUID, BaseException] = field(default_factory=dict)
    #: Why a workflow that is tried in vain lost its last transaction, as far as this process knows.
    lost: dict[uuid.UUID, BaseException] = field(default_factory=dict)
    #: What workflows failed with that now undo their steps here.
    raised: dict[uuid.UUID, BaseException] = field(default_factory=dict)
    #: The workflow that runs in the transaction.
    running: uuid.UUID | None = None
    #: The atomic step that runs: its workflow, position and declaration, and since when.
    step: tuple[uuid.UUID, Position, Step[..., Any], float] | None = None
    #: What of the users' runs after a commit, a hook or a receiver, and since when.
    afterwards: tuple[str, float] | None = None
    #: Whether no outside attempt may begin any more.
    stopping: bool = False
    #: The transaction that is open now, for whoever watches that it does not hang.
    transaction: FusedTransaction | None = None
    #: Asked before an outside attempt begins.
    refuses: Refuses = _refuses_nothing
    #: Asked before a workflow begins another call beside one in flight; None for no limit.
    room: Callable[[Step[..., Any]], Room | None] = _endless
    #: Whether a call is in flight here, or its result has not been taken yet.
    flies: Callable[[CallKey], bool] = lambda key: False
    #: Whether branches run once more in another order when they have ended, to see that they share nothing.
    checks_order: bool = False
    #: Owned workflows that something else may wake than what their calls bring.
    listening: set[uuid.UUID] = field(default_factory=set)

    @contextmanager
    def limited(self, what: str) -> Iterator[None]:
        """Let it be seen, from outside this thread, how long users' code runs after a commit."""
        self.afterwards = what, time.monotonic()
        try:
            yield
        finally:
            self.afterwards = None

    def remember(self, workflow: uuid.UUID, error: BaseException) -> None:
        """Keep what a workflow failed with until it has undone its steps; of many, the latest."""
        self.raised[workflow] = error
        if len(self.raised) > MOST_RAISED:
            del self.raised[next(iter(self.raised))]

    def charge(self, workflow: uuid.UUID, error: BaseException, position: Position = WHOLE_RUN, step: str = "") -> None:
        """Keep a failure for when the workflow comes up again; what it was to be charged with before was not to blame."""
        self.charges[workflow] = position, step, error

    def charged(self, workflow: uuid.UUID) -> bool:
        """Whether a failure is to be charged to that workflow when it comes up again."""
        return workflow in self.charges

    def take_charge(self, workflow: uuid.UUID, position: Position = WHOLE_RUN, step: str = "") -> BaseException | None:
        """Return what a workflow is charged with at this position, where it is that step that comes there again."""
        if workflow not in self.charges or self.charges[workflow][0] != position:
            return None
        _, charged, error = self.charges.pop(workflow)
        return error if charged == step else None
