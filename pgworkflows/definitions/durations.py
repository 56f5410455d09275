"""Durations are a timedelta or a number of seconds, everywhere."""

from __future__ import annotations

import math
from datetime import timedelta

Duration = timedelta | float | int


def seconds(value: Duration, *, what: str) -> float:
    """Return the duration in seconds; raise for anything that is not a finite, non-negative length of time."""
    if isinstance(value, timedelta):
        length = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        length = float(value)
    else:
        raise TypeError(f"{what} must be a timedelta or a number of seconds, not {value!r}.")
    if not math.isfinite(length) or length < 0:
        raise ValueError(f"{what} must be a finite length of time of zero or more, not {value!r}.")
    return length


def optional_seconds(value: Duration | None, *, what: str) -> float | None:
    """Return the duration in seconds, or None for no limit."""
    return None if value is None else seconds(value, what=what)
