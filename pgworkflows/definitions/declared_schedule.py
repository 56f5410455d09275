"""A schedule as code says it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..values.timetable import Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSchedule:
    """What `schedule()` was told."""

    workflow: str
    kwargs: dict[str, Any]
    timetable: Timetable
    overlap: str
    missed: str
    catch_up: timedelta
    queue: str
    priority: int | None

    @property
    def name(self) -> str:
        """Its name."""
        return self.timetable.name
