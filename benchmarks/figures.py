"""What is measured, and what is made of it: medians with their spread, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

OURS = "pgworkflows"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """What a figure is of: the same key in every round."""

    workload: str
    subject: str
    name: str
    processes: int = 1

    def __str__(self) -> str:
        return f"{self.workload} {self.subject}, {self.name}, {self.processes} process{'es' if self.processes > 1 else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value of one round."""

    key: Key
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of the rounds, with the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Summarize at least one value."""
        listed = sorted(values)
        return cls(median=statistics.median(listed), lowest=listed[0], highest=listed[-1])


@dataclass(slots=True)
class Results:
    """All figures of a run, by key and round; every count that was wrong; who failed, and who was left out."""

    rounds: dict[Key, dict[int, float]] = field(default_factory=dict)
    units: dict[Key, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, number: int, figure: Figure) -> None:
        """Record a figure of one round."""
        self.rounds.setdefault(figure.key, {})[number] = figure.value
        self.units[figure.key] = figure.unit

    def spread(self, key: Key) -> Spread | None:
        """Return the median of a figure; None where it was not measured."""
        measured = self.rounds.get(key)
        return Spread.of(measured.values()) if measured else None

    def best(self, keys: Sequence[Key], *, least: bool) -> Key:
        """Return the key with the highest, or least, median among those that were measured; the first where none was."""
        found = [(spread.median, key) for key in keys if (spread := self.spread(key))]
        return (min(found) if least else max(found))[1] if found else keys[0]

    def ratio(self, above: Key, below: Key) -> Spread | None:
        """Divide two figures round by round; None where no round has both."""
        over, under = self.rounds.get(above, {}), self.rounds.get(below, {})
        ratios = [over[number] / under[number] for number in over.keys() & under.keys() if under[number]]
        return Spread.of(ratios) if ratios else None

    def check(self, what: str, found: Mapping[str, int], expected: Mapping[str, int]) -> None:
        """Note each count that is not what it must be."""
        for name, count in expected.items():
            if found[name] != count:
                self.wrong.append(f"{what}: {name} is {found[name]}, expected {count}")
