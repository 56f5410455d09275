"""`manage.py runworkflows`: do the work."""

from __future__ import annotations

import os
from argparse import SUPPRESS, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from pgworkflows.command_line import AS_CHILD, AS_WORKER
from pgworkflows.conf import conf
from pgworkflows.definitions.registry import registry
from pgworkflows.exceptions import NotMigrated
from pgworkflows.executors.children import serve
from pgworkflows.management.terminal.words import positive
from pgworkflows.sql import served
from pgworkflows.worker.options import WorkerOptions
from pgworkflows.worker.starting import refuse_green_threads, run_worker
from pgworkflows.worker.supervisor import Supervisor


def seconds(text: str) -> float:
    """Read a number of seconds above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < 86400:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above zero")
    return number


def refuse_old_tables(alias: str) -> None:
    """Raise CommandError where code is newer than its tables: each batch would fail, and block what it had claimed."""
    try:
        executor = MigrationExecutor(connections[alias])
    except DatabaseError:
        return  # not there yet, and then the workers wait for it; or not for this role to read
    newest = executor.loader.graph.leaf_nodes("pgworkflows")
    lacking = [str(migration) for migration, _ in executor.migration_plan(newest) if migration.app_label == "pgworkflows"]
    if lacking:
        raise CommandError(f"Database {alias!r} lacks {', '.join(lacking)}. Run `manage.py migrate` first.")
    if not newest and served(connections[alias]) is None:
        raise CommandError(str(NotMigrated(alias, "there is no schema pgworkflows")))


class Command(BaseCommand):
    """Parse the options and hand over to the supervisor."""

    help = "Runs workflows until it is told to stop: once (Ctrl-C or SIGTERM) to finish what runs, twice to stop at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        settings = conf()
        parser.add_argument(
            "--queue", action="append", default=[], metavar="Q", help="only this queue (repeat for more); all by default"
        )
        parser.add_argument("--processes", type=positive, default=1, metavar="N", help="worker processes (default 1)")
        parser.add_argument(
            "--concurrency", type=positive, default=settings.CONCURRENCY, metavar="N",
            help="outside calls in flight in one process, ten times as many where they are async def (default %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--batch-size", type=positive, default=settings.BATCH_SIZE, metavar="N",
            help="the most workflows that share a transaction; 1 for one each (default %(default)s)",
        )  # fmt: skip
        parser.add_argument("--drain", action="store_true", help="end with status 0 when nothing is left to run now")
        parser.add_argument(
            "--poll-interval", type=seconds, default=settings.POLL_INTERVAL, metavar="S",
            help="how often an idle worker looks without having been woken (default %(default)s)",
        )  # fmt: skip
        parser.add_argument("--reload", action="store_true", help="start anew when a source file changes")
        parser.add_argument(AS_WORKER, help=SUPPRESS)
        parser.add_argument(AS_CHILD, type=int, help=SUPPRESS)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Be one of the workers, or make calls for one, where that is what it is for: the supervisor has run the checks."""
        if options.get("as_child") is not None:
            serve(options["as_child"])
            return None
        if options.get("as_worker"):
            wanted = WorkerOptions.from_json(options["as_worker"])
            if wanted.supervisor != os.getppid():  # a process that the worker spawns imports a manage.py without a guard
                return None
            run_worker(wanted)
        return super().execute(*args, **options)

    def handle(self, **options: Any) -> None:
        """Run; exit 0 after a drain or a stop in good order."""
        refused = refuse_green_threads()
        if refused:
            raise CommandError(refused)
        self.check(databases=[conf().DATABASE])
        refuse_old_tables(conf().DATABASE)
        connections.close_all()
        if not registry.workflows:
            raise CommandError("There are no workflows to run. Declare them in a module workflows.py of an installed app.")
        wanted = WorkerOptions(
            name="",
            queues=options["queue"],
            concurrency=options["concurrency"],
            batch_size=options["batch_size"],
            poll_interval=options["poll_interval"],
            drain=options["drain"],
        )
        processes = options["processes"]
        self.stdout.write(f"{processes} worker process(es) for {len(registry.workflows)} workflow(s). Ctrl-C stops.")
        supervisor = Supervisor(wanted, processes=processes, reload=options["reload"], say=self._say)
        status = supervisor.run()
        if status:
            raise SystemExit(status)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
