"""What `check --deploy` says of the database: whom the guards stop, and whether they and the server are as they must be."""

from __future__ import annotations

import re
from typing import Any

from django.core import checks
from django.db import Error as DatabaseError
from django.db import connections

from .. import sql
from ..conf import conf
from ..sql.parts import triggers
from .sessions import settings_of_session
from .shipped import check_shipped

# Who owns a table may disable its triggers; a superuser counts as a member of every role.
OWNER = """
SELECT current_user, pg_get_userbyid(c.relowner), pg_has_role(current_user, c.relowner, 'USAGE')
FROM pg_class c WHERE c.oid = to_regclass('pgworkflows_history')
"""

# An owner may always, and hears of it from W002.
MAY_DECIDE = """
SELECT has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'pgworkflows' AND p.proname = 'decide'
"""

ENABLED = """
SELECT tgname, tgenabled FROM pg_trigger
WHERE tgrelid IN (SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pgworkflows\\_%' AND pg_table_is_visible(c.oid))
"""

#: What a session of the application must find, and why.
WANTED = {
    "session_replication_role": ("origin", "the triggers that write history do not fire"),
    "synchronous_commit": ("on", "a crash of the server loses what it had said was committed"),
    "fsync": ("on", "a crash of the machine can lose or spoil everything"),
    "full_page_writes": ("on", "a crash of the machine can spoil pages"),
}
#: Stricter than asked for.
FINE = {("synchronous_commit", "remote_write"), ("synchronous_commit", "remote_apply")}


def check_database() -> list[checks.CheckMessage]:
    """Look at the application's own connection; say nothing where it is not to be reached, or not migrated."""
    alias = conf().DATABASE
    if alias not in connections or connections[alias].vendor != "postgresql":
        return []
    try:
        owner = _rows(OWNER)
        if not owner:
            return []
        enabled, settings, decides = _rows(ENABLED), settings_of_session(WANTED), _rows(MAY_DECIDE)
        differs = check_shipped()
    except DatabaseError:
        return []
    verdict = _verdict(*owner[0])
    may_decide = [_anybodys_decision(owner[0][0])] if not owner[0][2] and decides == [(True,)] else []
    return [verdict, *may_decide, *_lifted(dict(enabled)), *_settings(settings), *differs]


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connections[conf().DATABASE].cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _anybodys_decision(role: str) -> checks.CheckMessage:
    return checks.Warning(
        f"The application connects as {role!r}, which may call pgworkflows.decide() and so decide in anybody's name.",
        hint="REVOKE EXECUTE ON FUNCTION pgworkflows.decide. `manage.py workflows roles` prints grants without it.",
        id="pgworkflows.W003",
    )


def guards() -> dict[str, str]:
    """Return the triggers that our SQL makes, and how each has to be enabled: O for origin, A for always."""
    texts = sql.rendered(connections[conf().DATABASE])
    made = dict.fromkeys((name for name, *_ in triggers(texts)), "O")
    made |= dict.fromkeys(re.findall(r"ENABLE ALWAYS TRIGGER (\w+);", "".join(texts)), "A")
    return made | {f"{name}_no_truncate": "A" for name in sql.table_names()}


def _lifted(found: dict[str, str]) -> list[checks.CheckMessage]:
    """Report guards that are gone or switched off: what they would have refused may have happened."""
    off = sorted(name for name, enabled in guards().items() if found.get(name) != enabled)
    if not off:
        return []
    return [
        checks.Warning(
            f"Triggers that guard workflows and their history are missing or switched off: {', '.join(off)}.",
            hint="ALTER TABLE ... ENABLE [ALWAYS] TRIGGER as pgworkflows/sql says, and find out who lifted them.",
            id="pgworkflows.W004",
        )
    ]


def _settings(found: dict[str, str]) -> list[checks.CheckMessage]:
    return [
        checks.Warning(
            f"The application's sessions have {name} = {found[name]!r}: {why}.",
            hint=f"Set it to {wanted!r}, for the server or with ALTER ROLE or ALTER DATABASE.",
            id="pgworkflows.W005",
        )
        for name, (wanted, why) in WANTED.items()
        if name in found and found[name] != wanted and (name, found[name]) not in FINE
    ]


def _verdict(role: str, owner: str, owns: bool) -> checks.CheckMessage:
    if owns:
        return checks.Warning(
            f"The application connects as {role!r}, which may act for {owner!r}, the owner of the tables: history is "
            "guarded against accident, not against the application.",
            hint="Let one role migrate and own the tables, and connect with others. `manage.py workflows roles` prints them.",
            id="pgworkflows.W002",
        )
    return checks.Info(
        f"The application connects as {role!r} and the tables belong to {owner!r}: history is guarded against the "
        "application too.",
        id="pgworkflows.I001",
    )
