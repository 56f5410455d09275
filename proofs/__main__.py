"""`python -m proofs`: inject faults while random workflows run, and count what was lost or doubled.

Ends with status 1 if anything was, if a fault could not be injected, or if a mechanism that `--break` took out was missed
by the proof that rests on it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from . import report
from .breaking import SWITCHES
from .catalogue import PROOFS
from .postgres import Servers, servers
from .proof import Outcome, Run


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m proofs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=f"which ones; all by default: {', '.join(PROOFS)}")
    parser.add_argument("--quick", action="store_true", help="every fault at least once, in under five minutes")
    parser.add_argument("--seed", type=int, help="the same seed, the same plan; a new one by default, which is printed")
    parser.add_argument("--workflows", type=int, metavar="N", help="how many each proof starts")
    parser.add_argument("--kills", type=int, metavar="N", help="the SIGKILLs that `kill` must come to; a 20th of N by default")
    parser.add_argument("--minutes", type=float, metavar="M", help="how long `soak` lasts; 5 by default, a quarter with --quick")
    parser.add_argument("--without", action="append", default=[], metavar="PROOF", help="what this machine cannot do")
    parser.add_argument("--break", dest="switch", choices=[*SWITCHES, "all"], help="take one mechanism out, or each in turn")
    parser.add_argument("--write", action="store_true", help="write the table to docs/proofs.md too")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the ledgers and the logs of workers here")
    given = parser.parse_args()
    unknown = sorted({*given.proofs, *given.without} - set(PROOFS))
    if unknown:
        parser.error(f"there is no proof {', '.join(unknown)}; there are {', '.join(PROOFS)}")
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(1_000_000)
    return given


def main() -> int:
    """Run what is asked for; print as it goes, and the table at the end."""
    given = arguments()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    with servers() as made:
        if given.switch:
            return break_and_see(given, made)
        usual = [name for name, proof in PROOFS.items() if not given.quick or proof.quick is not None]
        outcomes = [prove(name, given, made) for name in PROOFS if name in (given.proofs or usual)]
    print(report.table(outcomes))
    if given.write:
        command = " ".join(["python -m proofs", *sys.argv[1:]]).replace(" --write", "")
        report.write(report.PAGE, command, report.section(command, given.seed, outcomes, time.monotonic() - began))
    failed = [outcome.name for outcome in outcomes if not outcome.good]
    print(f"FAILED: {', '.join(failed)}" if failed else f"Nothing lost, nothing doubled, in {time.monotonic() - began:.0f} s.")
    return 1 if failed else 0


def prove(name: str, given: argparse.Namespace, made: Servers, switch: str = "") -> Outcome:
    """Make one proof, and say how it went."""
    proof = PROOFS[name]
    outcome = Outcome(name, proof.fault)
    if name in given.without:
        outcome.skipped = "left out"
        print(f"{name}: left out", flush=True)
        return outcome
    options: dict[str, Any] = {"kills": given.kills, "minutes": given.minutes, "finished": given.workflows}
    workflows = given.workflows or (proof.quick if given.quick else proof.full) or 0
    run = Run(name, given.seed, workflows, given.quick, made, options, switch, outcome=outcome)
    began = time.monotonic()
    try:
        proof.prove(run)
    except Exception as error:
        outcome.problems.append(f"{type(error).__name__}: {error}")
        outcome.details += traceback.format_exc()
    outcome.seconds = time.monotonic() - began
    if given.keep:
        shutil.copytree(run.folder, given.keep / run.folder.name, dirs_exist_ok=True)
    if not switch:
        tell(outcome, given, workflows)
    shutil.rmtree(run.folder)
    return outcome


def tell(outcome: Outcome, given: argparse.Namespace, workflows: int) -> None:
    """Print a line for a proof that holds, and everything about one that does not."""
    injected = ", ".join(f"{times} {what}" for what, times in outcome.injected.items())
    if outcome.good:
        print(f"{outcome.name}: holds, {injected}, {outcome.seconds:.0f} s", flush=True)
        return
    size = f" --workflows {workflows}" if workflows else ""
    again = f"python -m proofs {outcome.name} --seed {given.seed}{size}{' --quick' if given.quick else ''}"
    print(
        f"{outcome.name}: FAILED ({injected}): {'; '.join(outcome.problems)}\nRepeat it by: {again}\n{outcome.details}",
        flush=True,
    )


def break_and_see(given: argparse.Namespace, made: Servers) -> int:
    """Take out a mechanism, or each in turn; return 0 if every proof that rests on it failed, by the count that is named."""
    given.quick, missed = True, []
    for name in SWITCHES if given.switch == "all" else [given.switch]:
        for proof in given.proofs or SWITCHES[name].proofs:
            outcome = prove(proof, given, made, switch=name)
            noticed = any(problem.startswith(f"{SWITCHES[name].counter} ") for problem in outcome.problems)
            missed += [] if noticed or outcome.skipped else [f"{name} by {proof}"]
            verdict = outcome.skipped or f"{'fails' if noticed else 'NOT NOTICED'}: {'; '.join(outcome.problems)[:300]}"
            print(f"without {name}: {proof} {verdict} ({outcome.seconds:.0f} s)", flush=True)
            if given.switch != "all":
                print(outcome.details[:4000])
    print(f"NOT NOTICED: {', '.join(missed)}" if missed else "Every proof noticed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
