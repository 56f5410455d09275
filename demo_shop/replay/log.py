"""Reading the log of the real process: CSV with `case` and `activity`, ordered by time within a case."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class LogUnreadable(Exception):
    """The file is not such a log; the text says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One expense declaration of the log, and what was done about it."""

    name: str
    activities: tuple[str, ...]


def read_log(path: Path) -> list[Case]:
    """Return the cases in the order in which they begin. Raises LogUnreadable."""
    found: dict[str, list[str]] = defaultdict(list)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            for row in csv.DictReader(file):
                found[row["case"]].append(row["activity"])
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as problem:
        raise LogUnreadable(f"{path} cannot be read as a log of declarations: {problem!r}") from problem
    return [Case(name, tuple(activities)) for name, activities in found.items()]


def choose(cases: Sequence[Case], number: int) -> list[Case]:
    """Return so many cases in the log's order: one of each sequence, the commonest first, and then the first ones."""
    first_of = {case.activities: case for case in reversed(cases)}
    common = [first_of[activities] for activities, _ in Counter(case.activities for case in cases).most_common()]
    chosen = dict.fromkeys([*common[:number], *cases])
    wanted = set(list(chosen)[:number])
    return [case for case in cases if case in wanted]
