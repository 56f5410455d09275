"""Making a database old: copies of workflows that really ran, loaded past the triggers by the tables' owner."""

from __future__ import annotations

from benchmarks.engine import load_backlog, rows
from benchmarks.subprocesses import drain

MODELS = 10
CHUNK = 100_000

#: Statement-level guards that hold even against the replica role.
ALWAYS = "history_only_by_trigger"

# Those that no constraint stands on.
INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY (%(tables)s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
MAKE_IDS = """
CREATE TABLE copies AS
SELECT pgworkflows.uuid7() AS id, m.id AS model, n AS place
FROM generate_series(1, %(copies)s) AS n
JOIN (SELECT id, row_number() OVER () - 1 AS number FROM pgworkflows_workflow) m ON m.number = n %% %(models)s
"""
COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL (%(without)s::text[])
"""
MODEL = "CREATE TABLE modelled AS SELECT {link} AS model, {columns} FROM {table} WHERE {link} = ANY (%(models)s::uuid[])"
COPY = """
INSERT INTO {table} ({own}, {columns})
SELECT {values}, {columns} FROM copies JOIN modelled USING (model)
WHERE copies.place > %(first)s AND copies.place <= %(last)s
"""
# Table, the column that says which workflow a row is of, and the columns that a copy gets anew.
COPIED = (
    ("pgworkflows_workflow", "id", ("id", "root"), "copies.id, copies.id", ("id", "root")),
    ("pgworkflows_task", "workflow_id", ("workflow_id",), "copies.id", ("id", "workflow_id")),
    ("pgworkflows_history", "workflow", ("workflow",), "copies.id", ("id", "workflow")),
)


def grow(finished: int) -> None:
    """Run a few orders for real, and copy what they left so many times."""
    from benchmarks.orders.workflows import five_rows

    models = load_backlog(five_rows, [{"order": -number} for number in range(1, MODELS + 1)])
    drain(1)
    rows(MAKE_IDS, {"copies": finished, "models": MODELS})
    rows("SET session_replication_role = replica")
    rows(f"ALTER TABLE pgworkflows_history DISABLE TRIGGER {ALWAYS}")
    rows("SET maintenance_work_mem = '512MB'")
    indexes = rows(INDEXES, {"tables": [table for table, *_ in COPIED]})
    for name, _ in indexes:  # made anew behind the rows, which is many times as fast
        rows(f"DROP INDEX {name}")
    for table, link, own, values, without in COPIED:
        (columns,) = rows(COLUMNS, {"table": table, "without": list(without)})[0]
        rows(MODEL.format(table=table, link=link, columns=columns), {"models": models})
        statement = COPY.format(table=table, own=", ".join(own), values=values, columns=columns)
        for first in range(0, finished, CHUNK):
            rows(statement, {"first": first, "last": first + CHUNK})
        rows("DROP TABLE modelled")
    for _, definition in indexes:
        rows(definition)
    rows(f"ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER {ALWAYS}")
    rows("RESET session_replication_role")
    rows("DROP TABLE copies")
    rows("VACUUM (ANALYZE)")
