"""Measure the engine beside plain Django, the raw limits and the peers; exit 1 if any count is wrong.

Starts a PostgreSQL of its own with default durability, unless --server names one. A missed target is printed as missed
and never fails.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import markdown, pair, report
from benchmarks.catalogue import WORKLOADS, contenders
from benchmarks.failures import MeasurementError
from benchmarks.figures import Results
from benchmarks.pair_side import PAIRED
from benchmarks.peers import PEERS, missing
from benchmarks.run import Contender, Run
from benchmarks.server import running_server
from benchmarks.sizes import FULL, QUICK


def names(text: str) -> list[str]:
    """Read a list with commas; `none` is an empty one."""
    return [] if text == "none" else [name.strip() for name in text.split(",") if name.strip()]


def numbers(text: str) -> list[int]:
    """Read a list of numbers of one or more."""
    listed = [int(name) for name in names(text)]
    if not listed or min(listed) < 1:
        raise ValueError(text)
    return listed


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=names, help="workloads, such as W2,W3 (default: all)")
    parser.add_argument("--rounds", type=int, help="how often all is measured (default 3; 1 with --quick; 9 with --pair)")
    parser.add_argument("--quick", action="store_true", help="sizes for the counts, not for the speed: under 4 minutes")
    parser.add_argument("--processes", type=numbers, default=[1, 2], help="numbers of worker processes (default 1,2)")
    parser.add_argument("--peers", type=names, default=list(PEERS), help="peers to measure, or none (default: all installed)")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--write", action="store_true", help="write into docs/performance.md, with its picture, and benchmarks/NOTES.md"
    )
    parser.add_argument("--server", metavar="URL", help="a superuser's address of a server to measure on, instead of a new one")
    parser.add_argument("--finished", type=int, help="how many finished workflows the grown database of W7 holds")
    parser.add_argument("--pair", metavar="COMMIT", help="only what the engine costs now beside what it cost at that commit")
    arguments = parser.parse_args()
    workloads = PAIRED if arguments.pair else WORKLOADS
    arguments.only = arguments.only or list(workloads)
    for what, given, known in (("workload", arguments.only, workloads), ("peer", arguments.peers, PEERS)):
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"there is no {what} {', '.join(unknown)}; there are {', '.join(known)}")
    return arguments


def take_part(wanted: list[str], results: Results) -> tuple[str, ...]:
    """Return the peers that can be imported; name the others."""
    for name in wanted:
        if absent := missing(name):
            results.left_out.append(f"{name} is left out: {', '.join(absent)} not installed (benchmarks/requirements.txt)")
    return tuple(name for name in wanted if not missing(name))


def measure(run: Run, only: list[str], rounds: int) -> None:
    """Measure every contender once a round, in the opposite order in every second round."""
    for number in range(1, rounds + 1):
        for workload in only:
            listed = [contender for contender in contenders(workload, run) if number == 1 or not contender.once]
            for contender in listed if number % 2 else reversed(listed):
                measure_one(run.results, number, workload, contender)


def measure_one(results: Results, number: int, workload: str, contender: Contender) -> None:
    """Measure one contender; one that fails is noted, and the others go on."""
    began = time.monotonic()
    shown = []
    what = f"{workload} {contender.subject} x{contender.processes}"
    try:
        for figure in contender.measure():
            results.add(number, figure)
            shown.append(f"{figure.key.name} {report.number(figure.value)} {figure.unit}")
    except Exception as error:  # an hour of figures must not be lost with one of them
        said = str(error) if isinstance(error, MeasurementError) else traceback.format_exc()
        (results.left_out if contender.peer else results.failed).append(f"{what} failed: {said}")
        shown.append("FAILED")
    print(f"round {number} {what}: {'; '.join(shown)} ({time.monotonic() - began:.1f} s)", flush=True)


def main() -> int:
    """Run what was asked for; return the exit status."""
    arguments = parse_arguments()
    if arguments.pair:
        pair.run(arguments.pair, arguments.only, arguments.rounds or pair.PAIRS, quick=arguments.quick)
        return 0
    began, rounds = time.time(), arguments.rounds or (1 if arguments.quick else 3)
    results = Results()
    peers = take_part(arguments.peers, results)
    with running_server(arguments.server) as server:
        about = report.describe(server.settings())
        print(report.about_text(about), *results.left_out, sep="\n", flush=True)
        sizes = QUICK if arguments.quick else FULL
        sizes = replace(sizes, finished=arguments.finished or sizes.finished)
        run = Run(server=server, sizes=sizes, processes=tuple(arguments.processes), peers=peers, results=results)
        measure(run, arguments.only, rounds)
    show(arguments, results, {"run": report.describe_run(began, rounds), **about})
    return 1 if results.wrong or results.failed else 0


def show(arguments: argparse.Namespace, results: Results, about: dict[str, Any]) -> None:
    """Print the results, and write the files that were asked for."""
    targets = report.targets_text(results, quick=arguments.quick)
    print("", report.HOW, report.figures_text(results), report.ratios_text(results), targets, sep="\n\n", flush=True)
    if arguments.json:
        report.write_json(arguments.json, results, about)
    if arguments.write:
        markdown.write(results, about)
    for line in (*results.left_out, *results.failed, *results.wrong):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted; nothing is left behind.")
