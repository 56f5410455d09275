"""What the server commits: pgbench, one client, one row a transaction. The yardstick of the machine."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator

import psycopg

from benchmarks.failures import ProgramError
from benchmarks.figures import Figure, Key
from benchmarks.run import Run
from benchmarks.subprocesses import finish

SUBJECT = "pgbench"
TABLE = "CREATE TABLE single (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client integer, payload text)"
SCRIPT = "INSERT INTO single (client, payload) VALUES (:client_id, 'xxxxxxxxxxxxxxxxxxxx');\n"


def measure(run: Run, workload: str) -> Iterator[Figure]:
    """Measure single-row commits a second."""
    url = run.server.fresh_for("bench_limit")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        seconds = str(run.sizes.pgbench_seconds)
        program = str(run.server.postgres.binary("pgbench"))
        command = [program, "-n", "-M", "prepared", "-c", "1", "-T", seconds, "-f", script.name, url]
        said = finish(command)
    found = re.search(r"tps = ([0-9.]+) \(without", said)
    if found is None:
        raise ProgramError(command, 0, said)
    yield Figure(key=Key(workload=workload, subject=SUBJECT, name="commits"), value=float(found[1]), unit="commits/s")
