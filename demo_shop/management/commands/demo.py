"""Show it all in one command."""

import shlex
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from demo_shop.demonstration.draining import run_drain
from demo_shop.demonstration.headless import DemoStuck, Outcome, run_headless
from demo_shop.demonstration.processes import ProcessDied, Processes
from demo_shop.demonstration.processor import ProcessorFailed
from demo_shop.demonstration.report import report
from demo_shop.demonstration.resetting import NotOurDatabase, reset
from demo_shop.demonstration.serving import ServerFailed, keep_open, open_shop

FAILURES = (DemoStuck, ProcessDied, ProcessorFailed, ServerFailed)


class Command(BaseCommand):
    """Prepare the database, then run headless or serve."""

    help = (
        "Run the shop: place orders, kill a worker in the middle, and reconcile stock and money at the end; "
        "or, with --serve, open the shop in a browser."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("--serve", action="store_true", help="open the shop in a browser; Ctrl-C stops everything")
        parser.add_argument(
            "--drain", action="store_true", help="place no orders; finish those that are there, such as imported ones"
        )
        parser.add_argument(
            "--kill-every", type=float, default=0, metavar="SECONDS", help="with --drain: SIGKILL for a random worker"
        )
        parser.add_argument("--port", type=int, default=8000, help="the shop's port (8000; another one if taken, or for 0)")
        parser.add_argument("--reset", action="store_true", help="delete what earlier runs left, and start clean")

    def handle(self, *args: Any, serve: bool, port: int, reset: bool, drain: bool, kill_every: float, **options: Any) -> None:
        """Run it; 0 only if everything adds up."""
        if reset:
            self.start_clean()
        self.stdout.write("Preparing the database")
        call_command("migrate", verbosity=0)
        with stopping_on_sigterm(), Processes(logs=Path(settings.STATE_DIR) / "logs") as processes:
            try:
                if serve:
                    self.serve(processes, port)
                elif drain:
                    self.show(run_drain(processes, self.stdout.write, kill_every=kill_every))
                else:
                    self.show(run_headless(processes, self.stdout.write))
            except FAILURES as problem:
                raise CommandError(str(problem)) from problem
            except KeyboardInterrupt:
                self.stdout.write("\nStopping everything")
                if not serve:
                    raise CommandError("Interrupted.", returncode=130) from None

    def start_clean(self) -> None:
        """Delete what earlier runs left."""
        try:
            reset()
        except NotOurDatabase as problem:
            raise CommandError(str(problem)) from problem

    def show(self, outcome: Outcome) -> None:
        """Print the table. Raises CommandError if something does not add up."""
        for line in report(outcome):
            self.stdout.write(line)
        if not outcome.ok:
            raise CommandError("Something does not add up, see above.")
        self.stdout.write(f"Everything adds up. Open the shop with: {this_program()} demo --serve")

    def serve(self, processes: Processes, port: int) -> None:
        """Open the shop until Ctrl-C."""
        self.stdout.write("Starting web server, worker, card processor and carrier")
        shop = open_shop(processes, port)
        self.stdout.write(f"\n  Shop            {shop.url}")
        self.stdout.write(f"  Large orders    {shop.url}approvals/")
        self.stdout.write(f"  Staff           {shop.url}admin/")
        for login in shop.logins:
            self.stdout.write(f"    {login}")
        self.stdout.write(f"  Card processor  {shop.processor_url}/ledger")
        self.stdout.write(f"  E-mails         {settings.MAIL_DIR}")
        self.stdout.write(f"  Logs            {processes.logs}\n\nCtrl-C stops everything.")
        self.stdout.flush()  # a pipe would keep it back until the end
        keep_open(processes)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that children are stopped then too."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def this_program() -> str:
    """Return how this command was called, for copying."""
    python = Path(sys.executable)
    with suppress(ValueError):
        python = python.relative_to(Path.cwd())
    return shlex.join([str(python), sys.argv[0]])
