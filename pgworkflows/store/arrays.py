"""Columns as array literals: psycopg would ask for a dumper and a test for quotes value by value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any


def plain(values: Iterable[Any]) -> str:
    """Return an array literal of ids, numbers, booleans or our own words: what needs no quotes."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def quoted(values: Iterable[str | None]) -> str:
    """Return an array literal of any texts, JSON among them."""
    return "{" + ",".join(["NULL" if value is None else f'"{_escaped(value)}"' for value in values]) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"') if '"' in text or "\\" in text else text


def moments(values: Iterable[datetime | None]) -> str:
    """Return an array literal of moments."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.isoformat()}"' for value in values]) + "}"
