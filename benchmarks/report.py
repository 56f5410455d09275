"""What a run prints and writes: figures, ratios, targets."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.figures import Results, Spread
from benchmarks.targets import TARGETS, Outcome, Target

PACKAGES = ("Django", "psycopg", "dbos", "absurd-sdk", "procrastinate", "pgqueuer", "django-tasks", "django-tasks-db")


def number(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def spread_text(spread: Spread) -> str:
    """Write a median with its lowest and highest, where they differ."""
    if spread.lowest == spread.highest:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.lowest)} to {number(spread.highest)})"


def figures_text(results: Results) -> str:
    """List every figure, workload by workload."""
    lines = []
    for key in results.rounds:
        spread = results.spread(key)
        assert spread is not None
        what = f"{key.workload:4} {key.subject:40} {key.name:32} x{key.processes}"
        lines.append(f"{what}  {spread_text(spread):>28} {results.units[key]}")
    return "\n".join(lines)


def targets_text(results: Results) -> str:
    """List every target with what was measured, and whether it is met."""
    lines = []
    for target in TARGETS:
        measured, outcome = target.judge(results)
        value = "-" if measured is None else spread_text(measured)
        lines.append(f"{outcome.value:12} {target.what:72} {target.wanted:>10}  {value}")
    return "\n".join(lines)


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on, as far as it is not in the server's settings."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def write_json(path: Path, results: Results, about: Mapping[str, Any], targets: Iterable[Target] = TARGETS) -> None:
    """Write everything that was measured, round by round."""
    figures = [
        asdict(key) | {"unit": results.units[key], "rounds": list(rounds.values())} for key, rounds in results.rounds.items()
    ]
    judged = []
    for target in targets:
        measured, outcome = target.judge(results)
        value = None if measured is None else asdict(measured)
        judged.append({"what": target.what, "wanted": target.wanted, "outcome": outcome.value, "measured": value})
    document = {**about, "figures": figures, "targets": judged, "wrong_counts": results.wrong, "failed": results.failed}
    path.write_text(json.dumps(document, indent=1) + "\n")


__all__ = ["Outcome", "describe_machine", "figures_text", "targets_text", "write_json"]
