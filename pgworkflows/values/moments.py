"""Moments as text, with their time zones."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

from ..exceptions import NotStorable


def write_datetime(value: datetime.datetime, where: str) -> Any:
    """Return it in ISO form, after the name of its zone where that is more than an offset; raise NotStorable."""
    if not isinstance(value.tzinfo, zoneinfo.ZoneInfo) or value.tzinfo.key is None:
        _require_offset(value, where)
        return value.isoformat()
    written = [value.tzinfo.key, value.isoformat()]
    if read_datetime(written).replace(fold=0) != value.replace(fold=0):
        raise NotStorable(
            where, f"{value.isoformat(' ')} is skipped by the clocks of {value.tzinfo.key}. Pass a moment that there is."
        )
    return written


def write_time(value: datetime.time, where: str) -> str:
    """Return it in ISO form; raise NotStorable naming `where` for a zone that would be lost."""
    _require_offset(value, where)
    return value.isoformat()


def _require_offset(value: datetime.datetime | datetime.time, where: str) -> None:
    if value.tzinfo is not None and not isinstance(value.tzinfo, datetime.timezone):
        raise NotStorable(
            where, f"its time zone {value.tzinfo!r} would come back as another. Pass a moment of zoneinfo or in UTC."
        )


def read_datetime(written: Any) -> datetime.datetime:
    """Return what `write_datetime` was given."""
    if isinstance(written, str):
        return datetime.datetime.fromisoformat(written)
    name, moment = written
    return datetime.datetime.fromisoformat(moment).astimezone(zoneinfo.ZoneInfo(name))
