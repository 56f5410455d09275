"""Our part of a database's schema, as the catalogue has it."""

from tests.scratch import Scratch

TABLES = """
SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pgworkflows\\_%' AND c.relkind IN ('r', 'S') AND pg_table_is_visible(c.oid)
"""
GRANTS = "(SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest({acl}) a)"
PARTS = {
    "functions": f"""
SELECT pg_get_functiondef(p.oid), p.proowner::regrole::text, {GRANTS.format(acl="p.proacl")}, obj_description(p.oid, 'pg_proc')
FROM pg_proc p WHERE p.pronamespace = to_regnamespace('pgworkflows')""",
    "triggers": f"""
SELECT pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t WHERE t.tgrelid IN ({TABLES}) AND NOT t.tgisinternal""",
    "indexes": f"SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid IN ({TABLES})",
    "constraints": f"""
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid IN ({TABLES})""",
    "columns": f"""
SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid IN ({TABLES}) AND a.attnum > 0 AND NOT a.attisdropped""",
    "tables": f"""
SELECT c.relname, c.relowner::regrole::text, c.reloptions::text, {GRANTS.format(acl="c.relacl")}
FROM pg_class c WHERE c.oid IN ({TABLES})""",
}


def catalogue(scratch: Scratch) -> dict[str, set[tuple]]:
    """Return functions, triggers, indexes, constraints, columns and tables, with owners and grants."""
    return {name: set(scratch.execute(statement)) for name, statement in PARTS.items()}


def identities(scratch: Scratch) -> set[tuple]:
    """Return the functions and triggers with their oids: what was dropped and made anew has another."""
    functions = "SELECT p.oid::bigint, p.proname FROM pg_proc p WHERE p.pronamespace = to_regnamespace('pgworkflows')"
    triggers = f"SELECT t.oid::bigint, t.tgname FROM pg_trigger t WHERE t.tgrelid IN ({TABLES}) AND NOT t.tgisinternal"
    return set(scratch.execute(f"{functions} UNION ALL {triggers}"))
