"""One clock for Postgres and Python, moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from ..store.connection import database, query

_real_now = timezone.now
_moved = timedelta(0)

REPLACE = """
CREATE OR REPLACE FUNCTION pgworkflows.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN statement_timestamp() + interval '{seconds} seconds'
"""
RESTORE = """
CREATE OR REPLACE FUNCTION pgworkflows.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN statement_timestamp()
"""


def _moved_now() -> datetime:
    return _real_now() + _moved


def move_clock(by: timedelta) -> None:
    """Move the engine's clock and `django.utils.timezone.now` forward; moves add up until the test ends."""
    global _moved
    _moved += by
    query(REPLACE.format(seconds=_moved.total_seconds()))
    timezone.now = _moved_now


def restore_clock() -> None:
    """Put both clocks right again; does nothing when they were not moved."""
    global _moved
    if not _moved:
        return
    _moved = timedelta(0)
    timezone.now = _real_now
    if not database().needs_rollback:
        query(RESTORE)


@contextmanager
def clock_put_back() -> Iterator[None]:
    """Set Python's clock back to where it is now at the end of the block; the rollback of a savepoint does it for Postgres."""
    global _moved
    before, shown = _moved, timezone.now
    try:
        yield
    finally:
        _moved, timezone.now = before, shown
