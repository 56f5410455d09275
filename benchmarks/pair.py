"""What a change costs: the package of this tree beside that of another commit, pair by pair, by the CPU that work takes.

All but the package itself is this tree's on both sides. Each side is a process with a server of its own; one waits while
the other is measured.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.failures import ProgramError
from benchmarks.report import number
from benchmarks.subprocesses import ROOT, kill, start

PAIRS = 9
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, and what it has measured, by workload."""

    name: str
    process: subprocess.Popen[str]
    measured: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def measure(self, workload: str) -> None:
        """Have a workload measured once more."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{workload}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        if not said:
            raise ProgramError([self.name, workload], self.process.wait(), "its words are above")
        self.measured.setdefault(workload, []).append(json.loads(said))

    def all_of(self, workload: str, what: str) -> list[float]:
        """Return one of the figures of a workload, pair by pair."""
        return [one[what] for one in self.measured[workload]]


def paths(root: Path) -> dict[str, str]:
    """Have the package looked for under `root`, and all else here, by whatever the side starts as well."""
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join([str(root), str(ROOT)])}


@contextlib.contextmanager
def _side(name: str, root: Path, sizes: str) -> Iterator[Side]:
    command = [sys.executable, "-m", "benchmarks.pair_side", sizes]
    process = start(command, paths(root), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Side(name, process)
        process.communicate()  # nothing more to read: it ends its server
    finally:
        kill(process)


@contextlib.contextmanager
def package_of(commit: str) -> Iterator[Path]:
    """Lay the package out as it was at that commit; it is gone with the block."""
    with tempfile.TemporaryDirectory(prefix="pair-") as folder:
        packed = subprocess.run(["git", "archive", commit, "pgworkflows"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield Path(folder)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the two of the values that hold the true median with at least 95 % confidence; the outermost of five or fewer."""
    listed, cut = sorted(values), 0
    beyond = share = 2 * 0.5 ** len(listed)
    while (beyond := beyond + share * math.comb(len(listed), cut + 1)) <= 1 - CONFIDENCE:
        cut += 1
    return listed[cut], listed[-1 - cut]


def ratios(before: Side, now: Side, workload: str) -> list[float]:
    """Divide the CPU of the two, pair by pair: above 1 the tree is the faster."""
    return [old / new for old, new in zip(before.all_of(workload, "cpu"), now.all_of(workload, "cpu"), strict=True)]


def ratio_text(values: Sequence[float]) -> str:
    """Write the median of ratios with its interval."""
    lowest, highest = interval(values)
    return f"{number(statistics.median(values))} ({number(lowest)} to {number(highest)})"


def run(commit: str, only: Sequence[str], pairs: int, *, quick: bool) -> None:
    """Measure by turns, the other commit first in every other pair, and print what came out."""
    sizes = "QUICK" if quick else "PAIR"
    with package_of(commit) as root, _side(commit, root, sizes) as before, _side("this tree", ROOT, sizes) as now:
        for place in range(pairs):
            for workload in only:
                for side in (before, now) if place % 2 == 0 else (now, before):
                    side.measure(workload)
            told = ", ".join(f"{workload} {number(ratios(before, now, workload)[-1])}" for workload in only)
            print(f"pair {place + 1} of {pairs}: {told}", flush=True)
    show(before, now)


def show(before: Side, now: Side) -> None:
    """Print what all pairs say together."""
    print(f"\nCPU of the worker and its server processes, {before.name} ÷ {now.name}: median (95 % interval), µs a workflow")
    for workload in now.measured:
        old, new = (number(statistics.median(side.all_of(workload, "cpu"))) for side in (before, now))
        print(f"{workload:4} {ratio_text(ratios(before, now, workload)):24} {old} ÷ {new}")
    if "W2" in now.measured:
        print("\nW2 ÷ plain Django, by the clock")
        for side in (before, now):
            print(f"{side.name:12} {ratio_text(side.all_of('W2', 'wall'))}")
