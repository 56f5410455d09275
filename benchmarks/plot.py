"""The figures as bars, in SVG: a panel a comparison, a line from the lowest to the highest round on each bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.figures import OURS, Results, Spread
from benchmarks.report import number

WIDTH, LABELS, VALUES = 900, 290, 90
BAR, GAP, TITLE, MARGIN = 20, 6, 34, 16
OUR_COLOUR, OTHER_COLOUR, INK = "#2b6cb0", "#b7c4d1", "#1a202c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One comparison: all subjects that have this figure, best first."""

    title: str
    workload: str
    name: str
    processes: int = 1
    less_is_better: bool = False

    def bars(self, results: Results) -> list[tuple[str, Spread]]:
        """Return the subjects with their spreads."""
        wanted = [
            key for key in results.rounds
            if (key.workload, key.name, key.processes) == (self.workload, self.name, self.processes)
        ]  # fmt: skip
        found = [(key.subject, spread) for key in wanted if (spread := results.spread(key))]
        return sorted(found, key=lambda bar: bar[1].median, reverse=not self.less_is_better)


PANELS = [
    Panel(title="W2: orders of five sequential steps a second, one worker process", workload="W2", name="orders"),
    Panel(title="W2: the same, two worker processes", workload="W2", name="orders", processes=2),
    Panel(title="W2n: steps without a table a second, one worker process", workload="W2n", name="steps"),
    Panel(title="W1: empty workflows drained a second, one worker process", workload="W1", name="drain"),
    Panel(title="W1: started in bulk, a second", workload="W1", name="start in bulk"),
    Panel(title="W1: started one by one, a second", workload="W1", name="start one by one"),
    Panel(title="W3: milliseconds from commit to completion, median", workload="W3", name="p50", less_is_better=True),
    Panel(title="W3: the same, 95th percentile", workload="W3", name="p95", less_is_better=True),
    Panel(title="W4: ended a second, 10,000 that waited", workload="W4", name="finish, 10,000 waiting"),
    Panel(title="W7: orders a second, empty and grown database", workload="W7", name="orders"),
]


def draw(path: Path, results: Results) -> None:
    """Write the panels that have something to compare."""
    parts: list[str] = []
    height = MARGIN
    for panel in PANELS:
        bars = panel.bars(results)
        if bars:
            parts += draw_panel(panel.title, bars, height)
            height += TITLE + len(bars) * (BAR + GAP) + MARGIN
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">'
    path.write_text("\n".join([frame, f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *parts, "</svg>"]) + "\n")


def draw_panel(title: str, bars: Sequence[tuple[str, Spread]], top: float) -> list[str]:
    """Draw one panel from its upper edge."""
    longest = max(spread.highest for _, spread in bars) or 1.0
    scale = (WIDTH - LABELS - VALUES - 2 * MARGIN) / longest
    lines = [f'<text x="{MARGIN}" y="{top + 18}" font-weight="bold" fill="{INK}">{escape(title)}</text>']
    for place, (subject, spread) in enumerate(bars):
        lines += draw_bar(subject, spread, top + TITLE + place * (BAR + GAP), scale)
    return lines


def draw_bar(subject: str, spread: Spread, top: float, scale: float) -> list[str]:
    """Draw one bar with its label, its value, and its spread."""
    left, middle = LABELS + MARGIN, top + BAR / 2
    length = max(spread.median * scale, 1)
    low, high = left + spread.lowest * scale, left + spread.highest * scale
    colour = OUR_COLOUR if subject.startswith(OURS) else OTHER_COLOUR
    return [
        f'<text x="{left - 8}" y="{middle + 4.5}" text-anchor="end" fill="{INK}">{escape(subject)}</text>',
        f'<rect x="{left}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="{INK}"/>',
        f'<text x="{max(left + length, high) + 6:.1f}" y="{middle + 4.5}" fill="{INK}">{number(spread.median)}</text>',
    ]
