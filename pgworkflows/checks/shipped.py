"""What `check --deploy` says of functions, triggers, rules and grants that are not as they were shipped."""

from __future__ import annotations

import re
from typing import Any

from django.core import checks
from django.db import connections

from .. import sql
from ..conf import conf

FUNCTIONS = "SELECT proname, prosrc, prosecdef FROM pg_proc WHERE pronamespace = to_regnamespace('pgworkflows')"
OURS = "SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pgworkflows\\_%' AND c.relkind = 'r' AND pg_table_is_visible(c.oid)"
# Before and on which deeds it stands, what it calls, and whether under a condition.
TRIGGERS = f"""
SELECT t.tgname, c.relname, CASE WHEN t.tgtype & 2 > 0 THEN 'BEFORE' ELSE 'AFTER' END,
  (t.tgtype & 4 > 0, t.tgtype & 16 > 0, t.tgtype & 8 > 0)::text, n.nspname || '.' || p.proname, t.tgqual IS NOT NULL
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.tgrelid IN ({OURS}) AND NOT t.tgisinternal AND t.tgtype & 32 = 0
"""
TRIGGER = re.compile(
    r"^CREATE OR REPLACE TRIGGER (\w+) (BEFORE|AFTER) (.+?) ON (\w+)(.*?)EXECUTE FUNCTION ([\w.]+)\(", re.MULTILINE | re.DOTALL
)
RULES = f"SELECT rulename || ' on ' || ev_class::regclass FROM pg_rewrite WHERE ev_class IN ({OURS}) ORDER BY 1"
# What a trigger's WHEN calls is for everybody; see sql/rights.sql.
OPEN = """
SELECT p.proname FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = to_regnamespace('pgworkflows') AND a.grantee = 0 AND p.proname NOT LIKE '%\\_event' ORDER BY 1
"""
# They act as their owner, who has to be the tables'.
FOREIGN = """
SELECT DISTINCT p.proname FROM pg_proc p
WHERE p.pronamespace = to_regnamespace('pgworkflows')
  AND p.proowner <> (SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass('pgworkflows_history')) ORDER BY 1
"""
# Nobody but the owner needs these; see sql/roles.sql.
GRANTED = f"""
SELECT format('%s on %s to %s', a.privilege_type, c.oid::regclass,
  CASE a.grantee WHEN 0 THEN 'everybody' ELSE a.grantee::regrole::text END)
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.oid IN ({OURS}) AND a.grantee <> c.relowner
  AND (a.grantee = 0 OR a.privilege_type IN ('TRUNCATE', 'TRIGGER')
    OR c.relname = 'pgworkflows_history' AND a.privilege_type <> 'SELECT')
ORDER BY 1
"""


def shipped_files() -> list[str]:
    """Return our files, as they are for this database."""
    return [sql.render(name, connections[conf().DATABASE]) for name in sql.installed_files()]


def shipped_functions(texts: list[str]) -> dict[str, tuple[str, bool]]:
    """Return the bodies of our functions by name, and whether they act as their owner."""
    found = {}
    for text in texts:
        for part in re.split("CREATE OR REPLACE FUNCTION pgworkflows.", text)[1:]:
            before, mark, rest = part.partition("$$")
            if mark and "RETURN " not in before:
                found[part[: part.index("(")]] = rest.partition("$$")[0], "SECURITY DEFINER" in before
    return found


def shipped_triggers(texts: list[str]) -> set[tuple[Any, ...]]:
    """Return our triggers, as TRIGGERS tells of those that there are."""
    return {
        (name, table, when, _deeds(deeds), function, "WHEN" in condition)
        for text in texts
        for name, when, deeds, table, condition, function in TRIGGER.findall(text)
    }


def _deeds(deeds: str) -> str:
    return "({})".format(",".join("t" if deed in deeds else "f" for deed in ("INSERT", "UPDATE", "DELETE")))


def check_shipped() -> list[checks.CheckMessage]:
    """Report what differs, and how to mend it."""
    texts = shipped_files()
    found: dict[str, list[tuple[str, bool]]] = {}
    for name, body, as_owner in _rows(FUNCTIONS):
        found.setdefault(name, []).append((body, as_owner))
    changed = sorted(name for name, function in shipped_functions(texts).items() if function not in found.get(name, []))
    other = sorted(f"{name} on {table}" for name, table, *_ in set(_rows(TRIGGERS)) - shipped_triggers(texts))
    rules, public, foreign, granted = ([name for (name,) in _rows(statement)] for statement in (RULES, OPEN, FOREIGN, GRANTED))
    said = {
        "Functions are not as they were shipped": (changed, "Run their CREATE FUNCTION, as `manage.py sqlmigrate` prints it."),
        "Functions belong to somebody else than the tables": (foreign, "ALTER FUNCTION ... OWNER TO the tables' owner."),
        "Functions are open to everybody": (public, "REVOKE EXECUTE ON FUNCTION ... FROM PUBLIC."),
        "Triggers on our tables are not as they were shipped": (other, "DROP TRIGGER, and make ours anew from pgworkflows/sql."),
        "Rules rewrite what is done to our tables": (rules, "DROP RULE, and find out who made it."),
        "Grants on our tables let others evade the guards": (
            granted,
            "REVOKE them; `manage.py workflows roles` prints what is enough.",
        ),
    }
    return [
        checks.Warning(f"{what}: {', '.join(names)}.", hint=hint, id="pgworkflows.W009")
        for what, (names, hint) in said.items()
        if names
    ]


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connections[conf().DATABASE].cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
