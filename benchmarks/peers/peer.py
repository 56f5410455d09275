"""What a peer must be able to do to take part, and how it is set up in each workload."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from benchmarks.latency import LONGEST_PAUSE

#: What the steps of all peers write.
EFFECTS = """
CREATE TABLE effect (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tag text NOT NULL, step integer NOT NULL, payload text NOT NULL)
"""
INSERT_EFFECT = "INSERT INTO effect (tag, step, payload) VALUES (%s, %s, 'xxxxxxxxxxxxxxxxxxxx')"
STEPS = 5
CHUNK = 500

EMPTY, ORDER, ONE, WAIT = "empty", "order", "one", "wait"
"""The jobs that every peer knows by these names, as far as it can do them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One way to run a peer in one workload.

    `rate` is what to expect of one process, a second: the backlog is made so large that it lasts. `parts` is how many
    finishes one order takes: five where it is a chain of five jobs. One that takes long and that no target asks for is
    measured once, in the first round, and not at all in a quick run. `longest_pause` is that between samples of latency; it
    must be longer than the interval at which a peer polls, or the samples would all fall behind a poll.
    """

    workload: str
    subject: str
    job: str
    rate: float
    parts: int = 1
    once: bool = False
    longest_pause: float = LONGEST_PAUSE
    options: Mapping[str, Any] = field(default_factory=dict)


class Peer(abc.ABC):
    """One peer. `url` is the address of an empty database of its own; options are those of the setup."""

    name: ClassVar[str]
    setups: ClassVar[Sequence[Setup]]

    @abc.abstractmethod
    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Create the peer's tables and queue."""

    @abc.abstractmethod
    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Enqueue one job a tag, one by one or as fast as the peer can; return the seconds that it took."""

    @abc.abstractmethod
    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Be a worker process until SIGTERM."""

    @abc.abstractmethod
    def finish_times(self, job: str) -> str:
        """Return a statement that selects when jobs ended, in seconds."""

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Return a function that enqueues a job for a tag and returns its id, and a query that says if %(id)s has ended."""
        raise NotImplementedError

    def waiting(self) -> str:
        """Return a statement that counts the jobs that wait for their event."""
        raise NotImplementedError

    def wake(self, url: str, tags: Sequence[str]) -> float:
        """Send each waiting job its event; return the seconds that it took."""
        raise NotImplementedError
