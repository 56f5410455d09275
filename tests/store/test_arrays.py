"""Columns as array literals: whatever stands beside what, the server reads it back."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from pgworkflows.store.arrays import moments, plain, quoted
from pgworkflows.store.connection import query

ONE, OTHER = uuid.uuid4(), uuid.uuid4()
NOW = datetime(2026, 11, 28, 12, 30, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("write", "kind", "values"),
    [
        (plain, "uuid", [ONE, ONE, None, ONE, OTHER, OTHER]),
        (plain, "integer", [None, 1, 1, None, None, 2]),
        (plain, "boolean", [True, True, False, None]),
        (quoted, "text", ["", "", None, "NULL", 'a "quoted" \\ word', "{a,b}", "a\nb", "ü", ""]),
        (quoted, "text", [None, None, None]),
        (moments, "timestamptz", [NOW, NOW, None, LATER, NOW]),
    ],
)
def test_columns_come_back_as_they_were(db, write, kind, values):
    (found,) = zip(*query(f"SELECT unnest(%(column)s::{kind}[])", {"column": write(values)}), strict=True)
    assert list(found) == values


def test_a_value_like_the_one_before_is_written_once(monkeypatch):
    written = []
    monkeypatch.setattr("pgworkflows.store.arrays._escaped", lambda text: written.append(text) or text)
    assert quoted(["a", "a", "a", None, "b"]) == "{a,a,a,NULL,b}"
    assert written == ["a", "b"]
