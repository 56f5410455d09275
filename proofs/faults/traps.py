"""Known traps: each a test of its own on two real connections, which pytest runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from ..processes import ROOT
from ..proof import Run

FAULT = "known traps, each with its own test"
STEPS, RACES = "tests/execution/test_steps_and_the_transaction.py", "tests/store/test_races.py"
#: What traps, and the tests of it.
TRAPS = {
    "a request saves an order, then sends an event, while a step updates that order": ["tests/traps/test_request_and_step.py"],
    "an event and its wait commit at the same moment": [
        f"{RACES}::test_event_and_wait_that_commit_together_meet",
        f"{RACES}::test_parked_event_and_uncommitted_wait_meet_on_the_second_look",
    ],
    "a worker is stopped inside a batch": ["tests/guarantees/test_g04_zombies_cannot_commit.py"],
    "a step commits, rolls back or swallows a database error": [
        f"{STEPS}::test_ending_the_transaction_fails_the_step",
        f"{STEPS}::test_libpq_cannot_checkpoint_what_is_gone",
    ],
    "a foreign key is refused at COMMIT": [
        f"{STEPS}::test_refused_commit_is_charged_to_its_step",
        "tests/guarantees/test_g02_atomic_steps_run_once.py::test_a_refused_commit_costs_only_who_is_to_blame",
    ],
    "an on_commit hook raises": [f"{STEPS}::test_failed_step_drops_its_hooks_only"],
    "a step kills the process every time": [
        "tests/crash/test_killed_workers.py::test_a_step_that_kills_its_worker_is_blocked_after_five"
    ],
    "two idempotent starts of one key at one instant": [
        f"{RACES}::test_two_starts_of_one_key_give_one_row",
        f"{RACES}::test_two_starts_in_sql_give_one_row",
    ],
    "a claim whose row was just committed by another worker": [
        "tests/store/test_claims.py::test_claim_reads_what_was_committed_before_it"
    ],
    "a child is started just before a step, in a batch of one": ["tests/traps/test_child_and_step.py"],
    "many fresh workers and one workflow": ["tests/worker/test_fresh_workers.py"],
    "the database does not answer, or its disk is full": ["tests/worker/test_silent_database.py"],
}


def prove(run: Run) -> None:
    """Run the tests, on a server of their own."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    tests = [test for group in TRAPS.values() for test in group]
    if run.quick:  # the proof `poison` shows the same
        tests = [test for test in tests if not test.startswith("tests/crash/")]
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    run.injected("traps", len(TRAPS))
    run.injected("tests passed", int(passed[1]) if passed else 0)
    if done.returncode:
        run.outcome.problems.append(f"pytest ended with status {done.returncode}")
        run.outcome.details = done.stdout[-8000:]
    run.require("tests passed", len(TRAPS))
