"""Cron expressions of five fields, in a time zone: cronsim knows the calendar, this knows the clocks of that zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Cron:
    """The instants that an expression names on the clocks of a zone; raise ValueError for what is no expression.

    Where the hours are said (`30 2 * * *`) each time of the day happens once: one that the clocks skip at the first instant
    after, one that they show twice the first time. Where they are left open (`*/15 * * * *`) it goes by what the clocks show.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError(
                f"{expression!r} has {len(fields)} fields. Give five: minute, hour, day of the month, month, day of the week."
            )
        self.expression, self.zone = expression, zone
        self._hours_are_open = fields[1].startswith("*")
        next(self._walls(datetime(2000, 1, 1)), None)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first instant that comes later, in UTC; None where there is none in fifty years."""
        return self._shown_after(moment) if self._hours_are_open else self._said_after(moment)

    def _walls(self, wall: datetime) -> Iterator[datetime]:
        """Yield what a calendar without time zones has behind a time; raise ValueError."""
        from cronsim import CronSim, CronSimError  # only who has a cron needs it

        try:
            return cast(Iterator[datetime], CronSim(self.expression, wall))
        except CronSimError as error:
            raise ValueError(f"{self.expression!r} is no cron expression, or names a day that never comes: {error}.") from error

    def _said_after(self, moment: datetime) -> datetime | None:
        for wall in self._walls(_wall(moment, self.zone)):
            instant = _first_instant(wall, self.zone)
            if instant > moment:
                return instant
        return None

    def _shown_after(self, moment: datetime) -> datetime | None:
        shown_by = moment
        while True:
            offset = _offset(shown_by, self.zone)
            wall = next(self._walls((moment + offset).replace(tzinfo=None)), None)
            if wall is None:
                return None
            instant = wall.replace(tzinfo=UTC) - offset
            if _wall(instant, self.zone) == wall:
                return instant
            shown_by = _change(shown_by, instant, self.zone)
            moment = shown_by - SECOND


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return cast(timedelta, moment.astimezone(zone).utcoffset())


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clocks first show a time, or have skipped it."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(instant, zone) == wall:
        return instant
    return _change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant, zone)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the clocks are first changed after `low`; they are at `high`."""
    before: Any = _offset(low, zone)
    while low + DAY < high and _offset(low + DAY, zone) == before:
        low += DAY
    high = min(high, low + DAY)
    while high - low > SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high.replace(microsecond=0)
