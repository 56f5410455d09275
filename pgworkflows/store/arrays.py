"""Columns as array literals: psycopg would ask for a dumper and a test for quotes value by value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any


def _literal(values: Sequence[Any], write: Callable[[Any], str]) -> str:
    """Return an array literal. Most columns are empty, or hold one object many times in a row, which is written once."""
    if values.count(None) == len(values):
        return "{" + ",".join(["NULL"] * len(values)) + "}"
    texts, last, text = [], None, "NULL"
    for value in values:
        if value is not last:
            last, text = value, "NULL" if value is None else write(value)
        texts.append(text)
    return "{" + ",".join(texts) + "}"


def plain(values: Sequence[Any]) -> str:
    """Return an array literal of ids, numbers, booleans or our own words: what needs no quotes."""
    return _literal(values, str)


def quoted(values: Sequence[str | None]) -> str:
    """Return an array literal of any texts, JSON among them."""
    return _literal(values, _escaped)


def _escaped(text: str) -> str:
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def moments(values: Sequence[datetime | None]) -> str:
    """Return an array literal of moments."""
    return _literal(values, datetime.isoformat)
