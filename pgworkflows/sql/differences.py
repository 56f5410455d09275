"""Where a database has other functions and triggers than this checkout, and what makes them the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from . import FILES, rendered
from .installing import InstallSQL
from .parts import SIGNATURE, Function, functions, triggers

FOUND = f"""
SELECT {SIGNATURE}, p.prosrc, p.prosecdef, COALESCE(p.proconfig, '{{}}')
FROM pg_proc p WHERE p.pronamespace = to_regnamespace('pgworkflows')
"""
OURS = "SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pgworkflows\\_%' AND c.relkind = 'r' AND pg_table_is_visible(c.oid)"
# Before and on which deeds it stands, what it calls, and whether under a condition.
TRIGGERS = f"""
SELECT t.tgname, c.relname, CASE WHEN t.tgtype & 2 > 0 THEN 'BEFORE' ELSE 'AFTER' END,
  (t.tgtype & 4 > 0, t.tgtype & 16 > 0, t.tgtype & 8 > 0)::text, n.nspname || '.' || p.proname, t.tgqual IS NOT NULL
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.tgrelid IN ({OURS}) AND NOT t.tgisinternal AND t.tgtype & 32 = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Functions that are missing or not as their file has them, triggers that are so or not ours, and what to run."""

    functions: list[str]
    triggers: list[str]
    remedy: str


def differences(connection: BaseDatabaseWrapper) -> Differences:
    """Compare the catalogue with the files."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        there = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(TRIGGERS)
        made = set(cursor.fetchall())
    texts = dict(zip(FILES, rendered(connection), strict=True))
    changed = {(file, each.name) for file, text in texts.items() for each in functions([text]) if not _same(each, there)}
    moved = {(file, trigger) for file, text in texts.items() for trigger in triggers([text]) - made}
    foreign = made - triggers(texts.values())
    return Differences(
        functions=sorted({name for _, name in changed}),
        triggers=sorted({f"{name} on {table}" for name, table, *_ in foreign.union(trigger for _, trigger in moved)}),
        remedy=_remedy({file for file, _ in [*changed, *moved]}, foreign=bool(foreign)),
    )


def _same(wanted: Function, there: dict[str, tuple[Any, ...]]) -> bool:
    if wanted.signature not in there:
        return False
    body, as_owner, settings = there[wanted.signature]
    # An expression is kept as a tree, not as text.
    same_body = wanted.body is None or body == wanted.body
    return same_body and as_owner == wanted.as_owner and {text.replace('"', "") for text in settings} == wanted.settings


def _remedy(files: set[str], *, foreign: bool) -> str:
    """Say which migrations name the files that have to be run again."""
    first = "DROP TRIGGER what is not ours. " if foreign else ""
    if not files:
        return first.strip()
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    ours = sorted((name, migration) for (label, name), migration in loader.disk_migrations.items() if label == "pgworkflows")
    last = {step.name: name for name, migration in ours for step in migration.operations if isinstance(step, InstallSQL)}
    commands = " and ".join(sorted({f"`manage.py sqlmigrate pgworkflows {last[file]}`" for file in files}))
    return (
        f"{first}Run `manage.py migrate`; where that has nothing to do, run what {commands} prints, as the owner of the tables."
    )
