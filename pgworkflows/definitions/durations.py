"""Durations are a timedelta or a number of seconds, everywhere."""

from __future__ import annotations

from datetime import timedelta

Duration = timedelta | float | int

#: Far from where adding one to a moment of today could leave the calendar.
LONGEST = timedelta(days=365 * 100)


def seconds(value: Duration, *, what: str) -> float:
    """Return the duration in seconds; raise for anything that is not a length of time from zero to a hundred years."""
    if isinstance(value, timedelta):
        length: float = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        length = value
    else:
        raise TypeError(f"{what} must be a timedelta or a number of seconds, not {value!r}.")
    if not 0 <= length <= LONGEST.total_seconds():
        raise ValueError(f"{what} must be a length of time from zero to a hundred years, not {value!r}.")
    return float(length)


def optional_seconds(value: Duration | None, *, what: str) -> float | None:
    """Return the duration in seconds, or None for no limit."""
    return None if value is None else seconds(value, what=what)
