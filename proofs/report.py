"""What is printed, and written to docs/proofs.md: one section for each command, replaced when it is run again."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from .breaking import SWITCHES
from .proof import Outcome

PAGE = Path(__file__).absolute().parent.parent / "docs" / "proofs.md"
COLUMNS = ("proof", "fault injected", "workflows", "steps", "effects 1 / 0 / >1", "calls by key / made / again", "orphans",
           "history rows: missing / doubled / out of order", "further", "seconds")  # fmt: skip
INTRODUCTION = """# Proofs

`python -m proofs` runs random workflows on real worker processes and a PostgreSQL of its own, injects one kind of fault
again and again, and counts. The programs come from one seed; a model in plain Python, which knows nothing of the engine,
says what must have come of each: status, result, tasks, history, states, rows, outside calls. Outside calls go to a file
beside the database.

A program writes, calls, sleeps, waits for events (two under one correlation too), people and children, with time limits that
pass or do not; starts, sends, nests a transaction in a step, meddles with the worker's, fails, catches, undoes. Some are
cancelled; some fail until a person mends the cause, who then retries them or has them undone. They are started by Python, by
SQL, many at once, beside a business row, to run alone (`batch=False`), later, with a priority, or in a transaction that is
rolled back. The first programs of each plan have one of everything, so that no seed leaves anything out.

This page is written by the program; a count that should be 0 and is not ends it with status 1, the
command that repeats it, the workflow's program, its history and the difference.

| column | what is counted |
|---|---|
| effects 1 / 0 / >1 | rows of atomic steps that are there exactly once, not at all, more than once |
| calls by key / made / again | effects outside, told apart by key; calls made; those made once more for a lost attempt |
| orphans | workflows that are unfinished in the end, with nobody to take them up |
| history rows | against the model: one row for each change, each going on where the one before ended |

`begun_early` counts workflows that began before their `run_after`, `priority_ignored` the pairs of which the lower priority
was taken up first, where a tenth of all were. `lived_on` counts workers that outlive their supervisor.

In `hostile` steps do what no step should: raw cursors, COPY, scripts with comments, SET, hooks that raise or hang,
connections that end, overruns. `waited_too_long` counts the workflows, of one that does nothing started every tenth of a
second, that took 2 s longer beside them than any did beside honest programs, by turns in the same run (6 s in a quick run);
with two processes, and one fault at a time that costs a process. A machine that has no CPU to spare (`load`) shows in it.
`not_stopped` says that the service did not end in good order afterwards.

Takeover is the time from a worker's death until others have taken over what it owned. Where a lease decides, it is one
and a half or two seconds here instead of thirty.

## What each proof rests on

`python -m proofs --break NAME` takes one mechanism out, by patching worker processes or by DDL on the proof's own server,
and the proofs that rest on it fail, by the count that is named. `python -m proofs --break all` shows that for each.

| switch | what it does | proofs that fail | by |
|---|---|---|---|
"""


def introduction() -> str:
    """Return what the page says before any run."""
    rows = [
        f"| `{name}` | {switch.does} | {', '.join(f'`{proof}`' for proof in switch.proofs)} | `{switch.counter}` |"
        for name, switch in SWITCHES.items()
    ]
    return INTRODUCTION + "\n".join(rows) + "\n"


def row(outcome: Outcome) -> list[str]:
    """Return one proof as the cells of a table."""
    name = outcome.name if outcome.good else f"{outcome.name}: FAILED"
    if outcome.skipped:
        return [outcome.name, f"left out by `--without {outcome.name}`", *[""] * (len(COLUMNS) - 2)]
    injected = ", ".join(f"{times} {what}" for what, times in outcome.injected.items())
    counts, cells = outcome.counts, [""] * 6
    if counts is not None:
        cells = [
            f"{counts.as_modelled} of {counts.workflows}",
            str(counts.steps),
            f"{counts.effects_once} / {counts.effects_lost} / {counts.effects_doubled + counts.effects_not_expected}",
            f"{counts.calls_by_key} / {counts.calls} / {counts.calls_made_again}",
            str(counts.orphans),
            f"{counts.history_rows}: {counts.history_missing} / {counts.history_doubled} / {counts.history_out_of_order}",
        ]
    further = "; ".join([*(f"{what} {value}" for what, value in outcome.measured.items()), *outcome.problems])
    return [name, injected or outcome.fault, *cells, further, f"{outcome.seconds:.0f}"]


def table(outcomes: list[Outcome]) -> str:
    """Return all proofs as one table."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row(outcome) for outcome in outcomes)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine() -> str:
    """Return what the run was made on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} CPUs, {memory:.0f} GiB of memory, load {os.getloadavg()[2]:.0f}, {system}"


def section(command: str, seed: int, outcomes: list[Outcome], seconds: float) -> str:
    """Return one run as a section of the page."""
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"## `{command}`\n\nSeed {seed}, {when}, {seconds:.0f} s, PostgreSQL 18. {machine()}.\n\n{table(outcomes)}\n"


def write(path: Path, command: str, text: str) -> None:
    """Put a section into the page, in place of the one that the same command wrote before."""
    page = path.read_text() if path.exists() else ""
    kept = [part for part in re.split(r"(?m)^(?=## `)", page)[1:] if not part.startswith(f"## `{command}`\n")]
    path.write_text("\n".join(part.strip() + "\n" for part in [introduction(), *kept, text]))
