"""What `check --deploy` says of functions, rules and grants that are not as they were shipped."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from django.core import checks
from django.db import connections

from .. import sql
from ..conf import conf

FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace('pgworkflows')"
RULES = """
SELECT rulename || ' on ' || ev_class::regclass FROM pg_rewrite
WHERE ev_class IN (SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pgworkflows\\_%' AND c.relkind = 'r') ORDER BY 1
"""
# What a trigger's WHEN calls is for everybody; see sql/rights.sql.
OPEN = """
SELECT p.proname FROM pg_proc p, aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace = to_regnamespace('pgworkflows') AND a.grantee = 0 AND p.proname NOT LIKE '%\\_event' ORDER BY 1
"""
NOT_RUN = ("drop.sql", "roles.sql")


def shipped() -> dict[str, str]:
    """Return the bodies of our functions, by name, as the files have them for this database."""
    bodies = {}
    for file in files(sql).iterdir():
        if file.name.endswith(".sql") and file.name not in NOT_RUN:
            for part in sql.render(file.name, connections[conf().DATABASE]).split("CREATE FUNCTION pgworkflows.")[1:]:
                before, mark, rest = part.partition("$$")
                if mark and "RETURN " not in before:
                    bodies[part[: part.index("(")]] = rest.partition("$$")[0]
    return bodies


def check_shipped() -> list[checks.CheckMessage]:
    """Report what differs, and how to mend it."""
    found: dict[str, list[str]] = {}
    for name, body in _rows(FUNCTIONS):
        found.setdefault(name, []).append(body)
    changed = sorted(name for name, body in shipped().items() if body not in found.get(name, []))
    rules, public = ([name for (name,) in _rows(statement)] for statement in (RULES, OPEN))
    said = {
        "Functions are not as they were shipped": (changed, "Run their CREATE FUNCTION, as `manage.py sqlmigrate` prints it."),
        "Rules rewrite what is done to our tables": (rules, "DROP RULE, and find out who made it."),
        "Functions are open to everybody": (public, "REVOKE EXECUTE ON FUNCTION ... FROM PUBLIC."),
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
