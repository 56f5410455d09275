"""What a session must find: settings of a role, a database or a server under which nothing could run, or be read back."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.checks import CheckMessage, Error
from django.db import connections

from .. import sql
from ..conf import conf

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
    return [*_check_settings(), *_check_schema()]


def _check_schema() -> list[CheckMessage]:
    """Report functions that serve other tables than this session's, or whose tables were moved."""
    served = sql.served(connections[conf().DATABASE])
    if served is None or served.schema is None or (served.found_here and served.found):
        return []
    if not served.found_here:
        message = (
            f"The functions in schema pgworkflows serve the tables in {served.schema!r}, which this connection does not find."
        )
        hint = sql.ONE_INSTALLATION
    else:
        message = f"The tables were moved to schema {served.schema!r}, and the functions in schema pgworkflows look elsewhere."
        hint = "Install these anew: `manage.py migrate --skip-checks pgworkflows 0001_tables`, then `manage.py migrate`."
    return [Error(message, hint=hint, id="pgworkflows.E021")]


def settings_of_session(names: Iterable[str]) -> dict[str, str]:
    """Return what the application's sessions have of these settings; those that the server does not know are left out."""
    with connections[conf().DATABASE].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [list(names)])
        return dict(cursor.fetchall())


def _check_settings() -> list[CheckMessage]:
    found = settings_of_session(WANTED)
    return [
        Error(
            f"The sessions of database {conf().DATABASE!r} have {name} = {found[name]!r}: {why}.",
            hint=f"ALTER ROLE or ALTER DATABASE ... SET {name} = '{wanted}', or -c {name}=... in OPTIONS['options'].",
            id="pgworkflows.E008" if name == "default_transaction_isolation" else "pgworkflows.E017",
        )
        for name, (wanted, why) in WANTED.items()
        if not found[name].startswith(wanted)
    ]
