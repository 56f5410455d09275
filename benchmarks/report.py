"""What a run prints and writes: figures, ratios, targets."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.figures import OURS, Key, Results, Spread
from benchmarks.targets import TARGETS

PACKAGES = (
    "Django", "psycopg", "dbos", "absurd-sdk", "procrastinate", "pgqueuer", "oban", "django-tasks", "django-tasks-db",
)  # fmt: skip
HOW = """\
Rates of drains come from the finish times in the database, between the moment a fifth of the backlog was done and the
last: no start of a process is in them. Rates of starting, creating, sending and deciding, and those of the limits, are
by the clock around the calls, after a warm-up. Latency is from the return of the caller's commit until a look every half
millisecond finds the end. Each measurement has a new database (the grown one of W7 is kept); the order turns round in
every other round. What no target asks for and takes long is measured in the first round only: peers with several
processes, with their slow defaults, and in W4; with several processes the latency, and 100,000 that wait."""


def number(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def spread_text(spread: Spread) -> str:
    """Write a median with its lowest and highest, where they differ."""
    if spread.lowest == spread.highest:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.lowest)} to {number(spread.highest)})"


def figures_text(results: Results) -> str:
    """List every figure, workload by workload."""
    lines = ["Figures: the median of the rounds (lowest to highest)"]
    for key in sorted(results.rounds, key=lambda key: (key.workload, key.name, key.processes)):
        spread = results.spread(key)
        assert spread is not None
        what = f"{key.workload:4} {key.name:34} {key.subject:38} x{key.processes}"
        lines.append(f"{what}  {spread_text(spread):>28} {results.units[key]}")
    return "\n".join(lines)


def comparisons(results: Results) -> Iterator[tuple[str, Spread]]:
    """Divide our figures by those of all others of the same name, and those of two processes by those of one."""
    for key in sorted(results.rounds, key=lambda key: (key.workload, key.name, key.processes)):
        ours, one = replace(key, subject=OURS), replace(key, processes=1)
        if key.subject != OURS and (ratio := results.ratio(ours, key)):
            yield f"{key.workload:4} {key.name:34} ÷ {key.subject:38} x{key.processes}", ratio
        if key.processes > 1 and key.subject == OURS and (ratio := results.ratio(key, one)):
            yield f"{key.workload:4} {key.name:34} x{key.processes} ÷ x1", ratio


def ratios_text(results: Results) -> str:
    """List the ratios; each is taken within a round."""
    lines = [f"Ratios within a round: {OURS} ÷ others (of ms, MiB and threads, less is better)"]
    return "\n".join(lines + [f"{what:86} {spread_text(ratio):>28}" for what, ratio in comparisons(results)])


def targets_text(results: Results, *, quick: bool) -> str:
    """List every target with what was measured, and whether it is met."""
    lines = ["Targets, by the medians" + (" (so few rows show that the counts are right, not how fast it is)" if quick else "")]
    for target in TARGETS:
        measured, outcome = target.judge(results)
        value = "" if measured is None else spread_text(measured)
        lines.append(f"{outcome.value:12} {target.what:76} {target.wanted:>10}  {value}")
    return "\n".join(lines)


def describe(server_settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what the figures depend on: the machine, the versions, the server."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    machine = {"processors": os.cpu_count(), "memory_gib": _memory_gib(), "system": f"{platform.system()} {platform.machine()}"}
    return {"machine": machine, "versions": versions, "server": dict(server_settings)}


def describe_run(began: float, rounds: int) -> dict[str, Any]:
    """Return how the figures came about: the command, the day, and how long it took."""
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    ended = time.time()
    return {
        "command": command,
        "rounds": rounds,
        "date": time.strftime("%Y-%m-%d", time.gmtime(ended)),
        "minutes": round((ended - began) / 60, 1),
    }


def _memory_gib() -> float:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def about_text(about: Mapping[str, Any]) -> str:
    """Write what `describe` returns, a line each."""
    return "\n".join(f"{part}: " + ", ".join(f"{name} {value}" for name, value in about[part].items()) for part in about)


def write_json(path: Path, results: Results, about: Mapping[str, Any]) -> None:
    """Write everything that was measured, round by round."""
    document = {
        **about,
        "figures": [_figure(results, key) for key in results.rounds],
        "ratios": [{"what": " ".join(what.split()), **asdict(ratio)} for what, ratio in comparisons(results)],
        "targets": [_target(results, place) for place in range(len(TARGETS))],
        "wrong_counts": results.wrong,
        "failed": results.failed,
        "left_out": results.left_out,
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _figure(results: Results, key: Key) -> dict[str, Any]:
    rounds = {str(number): value for number, value in sorted(results.rounds[key].items())}
    spread = results.spread(key)
    assert spread is not None
    return asdict(key) | {"unit": results.units[key], **asdict(spread), "rounds": rounds}


def _target(results: Results, place: int) -> dict[str, Any]:
    target = TARGETS[place]
    measured, outcome = target.judge(results)
    return {
        "what": target.what,
        "wanted": target.wanted,
        "outcome": outcome.value,
        "measured": None if measured is None else asdict(measured),
    }
