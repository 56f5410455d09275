"""Durations are a timedelta or a number of seconds, everywhere; moments are what Django makes of times."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from .readable import EARLIEST, LATEST, LONGEST

Duration = timedelta | float | int

#: What is asked for where a moment is refused.
IN_REACH = f"Give a time between the years {EARLIEST.year} and {LATEST.year}."


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


def moment(value: datetime, *, what: str) -> datetime:
    """Return a time as the ORM gives times: with a time zone, or with USE_TZ = False without one, in TIME_ZONE."""
    if not isinstance(value, datetime):
        raise TypeError(f"{what} must be a datetime, not {value!r}.")
    if timezone.is_naive(value) and settings.USE_TZ:
        raise ValueError(f"{what}: {value} has no time zone. Use django.utils.timezone.")
    if not is_in_reach(value):
        raise ValueError(f"{what}: {value} is out of reach. {IN_REACH}")
    if timezone.is_naive(value) or settings.USE_TZ:
        return value
    return timezone.make_naive(value, timezone.get_default_timezone())


def is_in_reach(value: datetime) -> bool:
    """Whether a moment can be read in every time zone."""
    return EARLIEST <= (timezone.make_aware(value) if timezone.is_naive(value) else value) <= LATEST


def local(value: datetime) -> datetime:
    """Return a time in the zone that is shown; with USE_TZ = False it is there already."""
    return value if timezone.is_naive(value) else timezone.localtime(value)
