"""From a CSV file to lines with named values, whatever is in the file."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo_shop.imports.problems import BadLine, ImportRefused

if TYPE_CHECKING:
    from _csv import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The values of one line by column; ``number`` counts from 1, the header included."""

    file: str
    number: int
    values: dict[str, str]

    def bad(self, problem: str) -> BadLine:
        """Return what is wrong with this line."""
        return BadLine(file=self.file, line=self.number, problem=problem)


def read_lines(path: Path, columns: Sequence[str]) -> Iterator[Line | BadLine]:
    """Read a UTF-8 file, with or without a byte order mark, whose header names at least ``columns``.

    Raises ImportRefused when there is no such file or the header is not what it should be.
    """
    try:
        # Bytes that are not UTF-8 are carried along, so that only their own line is refused.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = _header(path, rows, columns)
            yield from _lines(path.name, rows, header)
    except OSError as problem:
        raise ImportRefused(f"{path} cannot be read: {problem.strerror or problem}.") from problem


def _header(path: Path, rows: Iterator[list[str]], columns: Sequence[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as problem:
        raise ImportRefused(f"{path}, line 1: {problem}.") from problem
    missing = [name for name in columns if name not in header]
    if missing:
        raise ImportRefused(
            f"{path} has no column {', '.join(missing)}. Its first line must name the columns: {','.join(columns)}."
        )
    doubled = sorted({name for name in columns if header.count(name) > 1})
    if doubled:
        raise ImportRefused(f"{path} has more than one column {', '.join(doubled)}. Keep one of each.")
    return header


def _lines(file: str, rows: "Reader", header: list[str]) -> Iterator[Line | BadLine]:
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            yield BadLine(file=file, line=number, problem=f"this is not CSV: {problem}")
            continue
        if not any(value.strip() for value in row):
            continue
        if len(row) != len(header):
            yield BadLine(file=file, line=number, problem=f"{len(row)} values where the header names {len(header)}")
        elif not_text := _not_text(header, row):
            yield BadLine(file=file, line=number, problem=not_text)
        else:
            yield Line(file=file, number=number, values=dict(zip(header, map(str.strip, row), strict=True)))


def _not_text(header: list[str], row: list[str]) -> str | None:
    for name, value in zip(header, row, strict=True):
        if any("\ud800" <= character <= "\udfff" for character in value):
            return f"{name} is not UTF-8; save the file as UTF-8"
        if "\0" in value:
            return f"{name} contains a NUL character"
    return None
