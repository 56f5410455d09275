"""`python -m benchmarks`: measure, print, and exit 1 if any count is wrong."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.figures import Results
from benchmarks.peers import PEERS, missing
from benchmarks.run import Contender, Run
from benchmarks.server import running_server
from benchmarks.sizes import FULL, QUICK
from benchmarks.subprocesses import ProgramFailed
from benchmarks.workloads import WORKLOADS, contenders


def names(text: str) -> list[str]:
    """Read a list with commas; `none` is an empty one."""
    return [] if text == "none" else [name.strip() for name in text.split(",") if name.strip()]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=names, default=list(WORKLOADS), help="workloads, such as W2,W3 (default: all)")
    parser.add_argument("--rounds", type=int, help="how often all is measured (default 3; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="sizes for the counts, not for the speed: under 4 minutes")
    parser.add_argument("--processes", type=names, default=["1", "2"], help="numbers of worker processes (default 1,2)")
    parser.add_argument("--peers", type=names, help="peers to measure, or none (default: all that are installed)")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the figures into this SVG file")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.only) - set(WORKLOADS))
    if unknown:
        parser.error(f"there is no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    strangers = sorted(set(arguments.peers or ()) - set(PEERS))
    if strangers:
        parser.error(f"there is no peer {', '.join(strangers)}; there are {', '.join(PEERS)}")
    return arguments


def take_part(wanted: list[str] | None) -> list[str]:
    """Return the peers that can be imported; name the others."""
    able = []
    for name in PEERS if wanted is None else wanted:
        absent = missing(name)
        if absent:
            print(f"{name} is left out: {', '.join(absent)} not installed (benchmarks/requirements.txt)", flush=True)
        else:
            able.append(name)
    return able


def measure(run: Run, only: list[str], rounds: int) -> None:
    """Measure every contender once a round, the order reversed in every second round."""
    for number in range(1, rounds + 1):
        for workload in only:
            listed = contenders(workload, run)
            for contender in listed if number % 2 else reversed(listed):
                measure_one(run, number, workload, contender)


def measure_one(run: Run, number: int, workload: str, contender: Contender) -> None:
    """Measure one contender; a program that fails is noted, and the others go on."""
    began = time.monotonic()
    shown = []
    try:
        for figure in contender.measure():
            run.results.add(number, figure)
            shown.append(f"{figure.key.name} {report.number(figure.value)} {figure.unit}")
    except ProgramFailed as failed:
        run.results.failed.append(f"{workload} {contender.subject}: {failed}")
        shown.append("FAILED")
    took = time.monotonic() - began
    print(f"round {number} {workload} {contender.subject} x{contender.processes}: {'; '.join(shown)} ({took:.1f} s)", flush=True)


def main() -> int:
    """Run what was asked for; return the exit status."""
    arguments = parse_arguments()
    results = Results()
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    with running_server() as server:
        run = Run(
            server=server,
            sizes=QUICK if arguments.quick else FULL,
            processes=tuple(int(number) for number in arguments.processes),
            peers=tuple(take_part(arguments.peers)),
            results=results,
        )
        measure(run, arguments.only, rounds)
    print(report.figures_text(results))
    print(report.targets_text(results))
    for line in results.wrong + results.failed:
        print(line, file=sys.stderr)
    return 1 if results.wrong or results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
