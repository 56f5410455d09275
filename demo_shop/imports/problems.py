"""What can be wrong with a file.

ImportRefused       the file as a whole, or bad lines that nobody allowed to skip
BadValue            one value; turned into a BadLine where file and line are known
"""

from dataclasses import dataclass


class ImportRefused(Exception):
    """Nothing was imported; the text says why and what to do."""


class BadValue(Exception):
    """A value that cannot be meant; the text names the column, the value and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be imported."""

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.problem}"
