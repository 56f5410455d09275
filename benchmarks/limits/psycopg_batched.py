"""What psycopg alone reaches: claim 50, insert 250 step rows, update 50, one commit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg

from benchmarks.figures import Figure, Key
from benchmarks.run import Run
from benchmarks.server import settle

SUBJECT = "psycopg limit"
BATCH, STEPS = 50, 5
WARM_UP = 10

TABLES = """
CREATE TABLE queue (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status smallint NOT NULL DEFAULT 0, arguments text NOT NULL);
CREATE INDEX queue_ready ON queue (id) WHERE status = 0;
CREATE TABLE step (workflow bigint, seq integer, result text NOT NULL, PRIMARY KEY (workflow, seq));
"""
FILL = "INSERT INTO queue (arguments) SELECT repeat('x', 40) FROM generate_series(1, %(rows)s)"
CLAIM = "SELECT id FROM queue WHERE status = 0 ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED"
RECORD = """
INSERT INTO step (workflow, seq, result)
SELECT * FROM unnest(%(workflows)s::bigint[], %(seqs)s::integer[], %(results)s::text[])
"""
FINISH = "UPDATE queue SET status = 1 WHERE id = ANY (%(ids)s)"


def measure(run: Run, workload: str) -> Iterator[Figure]:
    """Measure steps a second in one process."""
    url = run.server.fresh_for("bench_limit")
    batches = run.sizes.limit_batches
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
        connection.execute(FILL, {"rows": (batches + WARM_UP) * BATCH})
        settle(url)
        for _ in range(WARM_UP):
            one_batch(connection)
        began = time.perf_counter()
        for _ in range(batches):
            one_batch(connection)
        seconds = time.perf_counter() - began
        rows, unfinished = _counts(connection)
    run.results.check(
        f"{workload} {SUBJECT}",
        {"rows": rows, "unfinished": unfinished},
        {"rows": (batches + WARM_UP) * BATCH * STEPS, "unfinished": 0},
    )
    yield Figure(
        key=Key(workload=workload, subject=SUBJECT, name="steps"), value=batches * BATCH * STEPS / seconds, unit="steps/s"
    )


def one_batch(connection: psycopg.Connection[Any]) -> None:
    """Do what a perfect engine would have to do for 50 workflows of five steps."""
    with connection.transaction():
        ids = [row[0] for row in connection.execute(CLAIM, {"most": BATCH}, prepare=True)]
        workflows = [identity for identity in ids for _ in range(STEPS)]
        rows = {
            "workflows": workflows,
            "seqs": list(range(1, STEPS + 1)) * len(ids),
            "results": ['{"ok": true, "n": 1}'] * len(workflows),
        }
        connection.execute(RECORD, rows, prepare=True)
        connection.execute(FINISH, {"ids": ids}, prepare=True)


def _counts(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    row = connection.execute("SELECT (SELECT count(*) FROM step), (SELECT count(*) FROM queue WHERE status = 0)").fetchone()
    assert row is not None
    return row[0], row[1]
