"""What a run is to do: programs and how each is started, all of it from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .programs import NOTHING, SAMPLES, WEIGHTS, Generator, Node, Program, every

#: How a workflow is started, and how often of a hundred times.
HOWS = {"python": 35, "sql": 25, "order": 15, "many": 12, "alone": 8, "undone": 5}
#: By number, so that no plan leaves it to chance; SQL starts all with the same.
PRIORITIES = (0, 10, 0, -10, 0)
DELAY_SECONDS, EVERY_DELAYED = 1.5, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One workflow to start, `delay` seconds later.

    `how` is python, sql, order (with a business row), many (together with others), alone (`batch=False`), undone (rolled back).
    """

    number: int
    how: str
    program: Program
    version: int = 1
    priority: int = 0
    delay: float = 0.0

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
        samples = [sample for sample in SAMPLES if all(self.weights.get(node["do"]) for node in sample)]
        sample = samples[number] if number < len(samples) else NOTHING
        hows = {how: often for how, often in HOWS.items() if how != "undone" or not sample}
        how = chance.choices(list(hows), list(hows.values()))[0]
        program = Generator(random=chance, left=chance.randint(2, self.size)).program(self.weights, sample)
        version = 1 if how == "alone" else self.version
        return Start(number=number, how=how, program=program, version=version, **self._when(number, how))

    def _when(self, number: int, how: str) -> dict[str, Any]:
        priority = 0 if how == "sql" else PRIORITIES[number % len(PRIORITIES)]
        return {"priority": priority, "delay": 0.0 if number % EVERY_DELAYED else DELAY_SECONDS}
