#!/usr/bin/env python
"""Django's command line for the demo shop, on an embedded PostgreSQL unless DATABASE_URL names another."""

import os
import sys

WITHOUT_DATABASE = {"help", "--help", "-h", "version", "--version", "postgres"}


def provide_database() -> None:
    """Start the embedded server where one is needed, and export its DATABASE_URL to this process and its children."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if os.environ.get("DATABASE_URL") or command in WITHOUT_DATABASE:
        return
    from demo_shop.database import DATABASE_NAME
    from demo_shop.postgres import EmbeddedPostgres, EmbeddedPostgresError, default_data_dir

    try:
        server = EmbeddedPostgres(default_data_dir())
        if not server.is_running():
            print(f"Starting PostgreSQL {server.version} in {server.data_dir}", file=sys.stderr)
            server.start()
        server.create_database(DATABASE_NAME)
    except (EmbeddedPostgresError, OSError) as error:
        sys.exit(f"{error}\nOr name a server of your own in DATABASE_URL.")
    os.environ["DATABASE_URL"] = server.url(DATABASE_NAME)


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_shop.settings")
    provide_database()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
