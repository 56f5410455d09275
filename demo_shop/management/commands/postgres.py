"""Control the demo's embedded server."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo_shop.database import DATABASE_NAME
from demo_shop.postgres import EmbeddedPostgres, EmbeddedPostgresError, default_data_dir


class Command(BaseCommand):
    """Start, stop, show or delete the embedded server; other commands start it by themselves."""

    help = "Start, stop, show or delete the demo's embedded PostgreSQL server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take one action."""
        parser.add_argument("action", choices=["start", "stop", "status", "reset"], help="reset deletes all its data")

    def handle(self, *, action: str, **options: Any) -> None:
        """Do it, then say where the server is."""
        server = EmbeddedPostgres(default_data_dir())
        try:
            self._act(server, action)
        except EmbeddedPostgresError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_status(server))

    def _act(self, server: EmbeddedPostgres, action: str) -> None:
        if action == "start":
            server.start().create_database(DATABASE_NAME)
        elif action == "stop":
            server.stop()
        elif action == "reset":
            server.destroy()


def _status(server: EmbeddedPostgres) -> str:
    if server.is_running():
        return f"PostgreSQL {server.version} is running in {server.data_dir}: {server.url(DATABASE_NAME)}"
    if server.port is None:
        return f"There is no server in {server.data_dir}."
    return f"PostgreSQL {server.version} in {server.data_dir} is stopped."
