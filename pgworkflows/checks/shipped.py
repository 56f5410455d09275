"""What `check --deploy` says of functions, triggers, rules and grants that are not as they were shipped."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.db import connections

from ..conf import conf
from ..sql.differences import OURS, differences

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


def check_shipped() -> list[checks.CheckMessage]:
    """Report what differs, and how to mend it."""
    found = differences(connections[conf().DATABASE])
    rules, public, foreign, granted = ([name for (name,) in _rows(statement)] for statement in (RULES, OPEN, FOREIGN, GRANTED))
    said = {
        "Functions are not as they were shipped": (found.functions, found.remedy),
        "Functions belong to somebody else than the tables": (foreign, "ALTER FUNCTION ... OWNER TO the tables' owner."),
        "Functions are open to everybody": (public, "REVOKE EXECUTE ON FUNCTION ... FROM PUBLIC."),
        "Triggers on our tables are not as they were shipped": (found.triggers, found.remedy),
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
