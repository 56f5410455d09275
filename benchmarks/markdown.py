"""The results as parts of two pages, each between two marks; whatever else the pages say stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import beside, plot
from benchmarks.figures import OURS, Results
from benchmarks.report import about_text, number, spread_text
from benchmarks.targets import TARGETS

BEGIN = "<!-- Written by python -m benchmarks --write; do not edit. -->"
END = "<!-- End of what python -m benchmarks has written. -->"


ROOT = Path(__file__).resolve().parent.parent
PICTURE = "performance.svg"


def write(results: Results, about: Mapping[str, Any], root: Path = ROOT) -> None:
    """Write what readers look for into docs/performance.md, with its picture, and every figure into benchmarks/NOTES.md."""
    plot.draw(root / "docs" / PICTURE, results)
    picture = f"![The figures as bars]({PICTURE})"
    compared = table(beside.HEADINGS, beside.lines(results))
    opening = [*compared, "", picture, "", *about_lines(about), "", *targets_table(results)]
    replace_between_marks(root / "docs" / "performance.md", opening)
    replace_between_marks(root / "benchmarks" / "NOTES.md", [*about_lines(about), "", *figures_table(results)])


def replace_between_marks(path: Path, lines: Sequence[str]) -> None:
    """Replace what stands between the marks; without marks, write at the end of the page."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(before + "\n".join([BEGIN, *lines, END]) + (after or "\n"), encoding="utf-8")


def about_lines(about: Mapping[str, Any]) -> list[str]:
    """List what the figures depend on."""
    return [f"- {line}" for line in about_text(about).splitlines()]


def table(headings: Sequence[str], lines: Iterator[Sequence[str]]) -> list[str]:
    """Write a table; a bar in a cell would end it."""
    rows = [headings, ["---"] * len(headings), *lines]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]


def targets_table(results: Results) -> list[str]:
    """Write each target with what was measured."""

    def lines() -> Iterator[Sequence[str]]:
        for target in TARGETS:
            measured, outcome = target.judge(results)
            yield target.what, target.wanted, spread_text(measured) if measured else "", outcome.value

    return table(["target", "wanted", "median (lowest to highest)", ""], lines())


def figures_table(results: Results) -> list[str]:
    """Write each figure, and how ours of the same name relates to it."""

    def lines() -> Iterator[Sequence[str]]:
        for key in sorted(results.rounds, key=lambda key: (key.workload, key.name, key.processes)):
            spread = results.spread(key)
            assert spread is not None
            ratio = None if key.subject == OURS else results.ratio(replace(key, subject=OURS), key)
            ours = number(ratio.median) if ratio else ""
            yield key.workload, key.name, key.subject, str(key.processes), spread_text(spread), results.units[key], ours

    return table(["", "figure", "of", "processes", "median (lowest to highest)", "unit", f"{OURS} ÷ it"], lines())
