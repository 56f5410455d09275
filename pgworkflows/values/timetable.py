"""When a schedule is due: its nominal times, and how long after each it begins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from .cron import Cron

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NONE, MOMENT, MINUTE = timedelta(0), timedelta(microseconds=1), timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """A cron expression in a zone, or a step of elapsed time from `starts_at` (else 1970); all moments are in UTC.

    `jitter` puts off each beginning by a part of itself that is always the same for the same `name` and time.
    """

    name: str
    cron: str = ""
    tz: str = "UTC"
    every: timedelta | None = None
    offset: timedelta = NONE
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    jitter: timedelta = NONE

    def problem(self) -> str:
        """Say what is wrong with it; nothing where it is right."""
        if bool(self.cron) == (self.every is not None):
            return "give either cron= or every=."
        if self.every is not None and self.every < timedelta(seconds=1):
            return f"every= must be a second or more, not {self.every}."
        if not NONE <= self.offset < (self.every or MOMENT):
            return "offset= goes with every=, and is shorter."
        if self.starts_at and self.ends_at and self.starts_at > self.ends_at:
            return "ends_at= comes before starts_at=."
        try:
            return "" if self._first() is not None else f"{self.cron!r} names a day that never comes."
        except (ZoneInfoNotFoundError, ValueError) as error:
            return f"no time zone {self.tz!r} is known." if isinstance(error, ZoneInfoNotFoundError) else str(error)

    def _first(self) -> datetime | None:
        return self._cron.after(EPOCH) if self.cron else EPOCH

    @property
    def zone(self) -> ZoneInfo:
        """The time zone; raise ZoneInfoNotFoundError."""
        try:
            return ZoneInfo(self.tz)
        except (ValueError, OSError) as error:  # a path, a folder
            raise ZoneInfoNotFoundError(self.tz) from error

    @cached_property
    def _cron(self) -> Cron:
        return Cron(self.cron, self.zone)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time that comes later; None for none."""
        if self.starts_at is not None:
            moment = max(moment, in_utc(self.starts_at) - MOMENT)
        found = self._cron.after(moment) if self.every is None else self._step_after(moment, self.every)
        return None if found is None or (self.ends_at is not None and found > in_utc(self.ends_at)) else found

    def _step_after(self, moment: datetime, every: timedelta) -> datetime:
        begins = (EPOCH if self.starts_at is None else in_utc(self.starts_at)) + self.offset
        return begins + max((moment - begins) // every + 1, 0) * every

    def times(self, after: datetime) -> Iterator[datetime]:
        """Yield the times that come later."""
        moment: datetime | None = after
        while moment is not None and (moment := self.after(moment)) is not None:
            yield moment

    def following(self, after: datetime, most: int) -> list[datetime]:
        """Return the next times."""
        return list(islice(self.times(after), most))

    def last(self, *, since: datetime, until: datetime) -> datetime | None:
        """Return the latest time from `since` to `until`, both included; those in between are not gone through."""
        low, high = since - MOMENT, until
        if not self._comes(low, until):
            return None
        span = MINUTE
        while until - span > low and not self._comes(until - span, until):
            high, span = until - span, span * 2
        low = max(low, until - span)
        while high - low > MINUTE:
            middle = low + (high - low) / 2
            low, high = (middle, high) if self._comes(middle, until) else (low, middle)
        found = low
        for moment in self.times(low):
            if moment > until:
                break
            found = moment
        return found

    def _comes(self, after: datetime, until: datetime) -> bool:
        found = self.after(after)
        return found is not None and found <= until

    def begins(self, moment: datetime) -> datetime:
        """Return when what is meant for a time begins."""
        if not self.jitter:
            return moment
        drawn = hashlib.sha256(f"{self.name}/{moment.isoformat()}".encode()).digest()
        return moment + self.jitter * (int.from_bytes(drawn[:8]) / 2**64)


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; with USE_TZ = False it comes without a zone, in TIME_ZONE."""
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)
