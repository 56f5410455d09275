"""What `check --deploy` says: whom the guard of the history stops."""

from __future__ import annotations

from django.core import checks
from django.db import Error as DatabaseError
from django.db import connections

from ..conf import conf

# Who owns a table may disable its triggers; a superuser counts as a member of every role.
OWNER = """
SELECT current_user, pg_get_userbyid(c.relowner), pg_has_role(current_user, c.relowner, 'USAGE')
FROM pg_class c WHERE c.oid = to_regclass('pgworkflows_history')
"""


def check_owner() -> list[checks.CheckMessage]:
    """Say whether the application's role owns the tables; nothing where they are not there, or not to be reached."""
    alias = conf().DATABASE
    if alias not in connections or connections[alias].vendor != "postgresql":
        return []
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(OWNER)
            row = cursor.fetchone()
    except DatabaseError:
        return []
    return [] if row is None else [_verdict(*row)]


def _verdict(role: str, owner: str, owns: bool) -> checks.CheckMessage:
    if owns:
        return checks.Warning(
            f"The application connects as {role!r}, which may act for {owner!r}, the owner of the tables: history is "
            "guarded against accident, not against the application.",
            hint="Let one role migrate and own the tables, and connect with another one that does not.",
            id="pgworkflows.W002",
        )
    return checks.Info(
        f"The application connects as {role!r} and the tables belong to {owner!r}: history is guarded against the "
        "application too.",
        id="pgworkflows.I001",
    )
