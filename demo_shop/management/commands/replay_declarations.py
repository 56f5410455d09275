"""Replay the log of a real approval process."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from demo_shop.demonstration.processes import ProcessDied, Processes
from demo_shop.replay.log import LogUnreadable, choose, read_log
from demo_shop.replay.progress import ProgressBar
from demo_shop.replay.report import report
from demo_shop.replay.running import ReplayStuck, replay

FAILURES = (LogUnreadable, ReplayStuck, ProcessDied, ValueError)


class Command(BaseCommand):
    """Read the log, play it, say what came of it."""

    help = (
        "Replay a log of expense declarations (CSV, also gzipped: case,activity in order) through the workflow "
        "expense_declaration and its policy: who acts next comes from the log, who is asked from the policy."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("--log", type=Path, default=Path("domestic_declarations.csv.gz"), help="the log (%(default)s)")
        parser.add_argument("--cases", type=int, metavar="N", help="so many cases, each sequence among them; all by default")
        parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (%(default)s)")

    def handle(self, *args: Any, log: Path, cases: int | None, workers: int, **options: Any) -> None:
        """Replay; 0 only if every case matches that the rules allow."""
        try:
            found = read_log(log)
            chosen = choose(found, cases) if cases is not None else found
            call_command("migrate", verbosity=0)
            bar = ProgressBar(len(chosen), sys.stdout)
            with Processes(logs=Path(settings.STATE_DIR) / "logs") as processes:
                replayed = replay(chosen, processes, workers=workers, show=bar.show)
        except FAILURES as problem:
            raise CommandError(str(problem)) from problem
        for line in report(replayed):
            self.stdout.write(line)
        if not all(verdict.matches or verdict.forbidden for verdict in replayed.verdicts):
            raise CommandError("Not every case came out as in the log, see above.")
