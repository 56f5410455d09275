"""What a run is to do: programs and how each is started, all of it from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .programs import WEIGHTS, Generator, Node, Program, every


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One workflow to start: `how` is python, sql, order (with a business row) or undone (rolled back)."""

    number: int
    how: str
    program: Program
    version: int = 1

    def sent_before(self) -> Iterator[Node]:
        """Find the waits whose event is sent together with the start."""
        return (node for node in every(self.program) if node["do"] == "event" and node["sent"] == "before")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The same seed, weights and size give the same plan."""

    seed: int
    workflows: int
    size: int = 8
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    version: int = 1
    first: int = 0

    def starts(self) -> list[Start]:
        """Make all of it."""
        return [self.start(number) for number in range(self.first, self.first + self.workflows)]

    def start(self, number: int) -> Start:
        """Make one; each has a generator of its own, so that one can be looked at without the others."""
        chance = random.Random(f"{self.seed}/{number}")
        how = chance.choices(["python", "sql", "order", "undone"], [50, 25, 20, 5])[0]
        program = Generator(random=chance, left=chance.randint(2, self.size)).program(self.weights)
        return Start(number=number, how=how, program=program, version=self.version)
