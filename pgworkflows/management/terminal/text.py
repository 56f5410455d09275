"""Plain text: tables, times and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ...values.durations import local
from ...values.redaction import Redactor

#: A column is no wider than this, so that a long text moves the rest of its own line only.
WIDEST = 48


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return lines with a column under each heading; empty columns are left out."""
    cells = [["" if cell is None else str(cell).replace("\n", " ") for cell in row] for row in rows]
    kept = [place for place in range(len(headings)) if any(row[place] for row in cells)]
    grid = [[row[place] for place in kept] for row in [list(headings), *cells]]
    widths = [min(WIDEST, max(len(row[place]) for row in grid)) for place in range(len(kept))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid]


def moment(at: datetime | None) -> str:
    """Return a time in the project's time zone, to the second."""
    return "" if at is None else f"{local(at):%Y-%m-%d %H:%M:%S}"


def as_json(value: Any, redactor: Redactor) -> str:
    """Return a stored value in one line, secrets hidden."""
    return "" if value is None else json.dumps(redactor.data(value), ensure_ascii=False)
