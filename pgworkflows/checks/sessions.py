"""What a session must find: settings of a role, a database or a server under which nothing could run, or be read back."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.db import connections

from ..conf import conf

SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)"

#: What each must begin with, and why.
WANTED = {
    "default_transaction_isolation": ("read committed", "the row locks that claim workflows need it"),
    "default_transaction_read_only": ("off", "nothing could be written"),
    "DateStyle": ("ISO", "psycopg reads moments in no other"),
    "IntervalStyle": ("postgres", "psycopg reads durations in no other"),
    "array_nulls": ("on", "an empty value would arrive as the text 'NULL'"),
}


def check_sessions() -> list[CheckMessage]:
    """Ask the application's own connection; raise what it raises."""
    with connections[conf().DATABASE].cursor() as cursor:
        cursor.execute(SETTINGS, [list(WANTED)])
        found = dict(cursor.fetchall())
    return [
        Error(
            f"The sessions of database {conf().DATABASE!r} have {name} = {found[name]!r}: {why}.",
            hint=f"ALTER ROLE or ALTER DATABASE ... SET {name} = '{wanted}', or -c {name}=... in OPTIONS['options'].",
            id="pgworkflows.E008" if name == "default_transaction_isolation" else "pgworkflows.E017",
        )
        for name, (wanted, why) in WANTED.items()
        if not found[name].startswith(wanted)
    ]
