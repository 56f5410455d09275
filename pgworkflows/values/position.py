"""Where a task stands in its workflow."""

from __future__ import annotations

import re
from typing import NamedTuple


class Position(NamedTuple):
    """The branch, empty for the body itself, and how-manieth call of that branch."""

    branch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.branch}/{self.seq}" if self.branch else str(self.seq)

    @property
    def next(self) -> Position:
        """The one after this, in the same branch."""
        return Position(self.branch, self.seq + 1)

    @property
    def order(self) -> tuple[int, ...]:
        """What the positions of all branches are sorted by: as if branches ran one after another."""
        return *(int(part) for part in re.findall(r"\d+", self.branch)), self.seq

    def is_after(self, other: Position) -> bool:
        """Whether it comes later in the same branch."""
        return self.branch == other.branch and self.seq > other.seq


#: Before the first call of a body.
START = Position("", 0)
