"""A worker at full load goes on while everything that ended long ago is pruned beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg

from ..counting import Counts
from ..postgres import DATABASE, ask
from ..processes import ROOT, Fleet
from ..proof import Run

FAULT = "a prune beside a worker at full load"
FINISHED, FINISHED_QUICK = 1_000_000, 20_000
UNFINISHED = 1000
CHUNK = 20_000
#: Runnable workflows, beside a quarter of those to prune.
BACKLOG = 40_000
#: Seconds that throughput is measured for without a prune, before it and after it.
CALM, CALM_QUICK = 20.0, 5.0
#: The most that throughput may fall, as a share.
MOST_DIP = 0.25

WRITE = '{"do": "write", "tries": 1, "fails": 0, "gives": 1, "undo": null, "undo_fails": 0'
PROGRAM = ", ".join(f'{WRITE}, "at": "{place}"}}' for place in (1, 2, 3))

# Ids as old as the workflows: version 7, whose order is that of time.
BEGIN = """
INSERT INTO pgworkflows_workflow
  (id, name, version, status, state, queue, priority, kwargs, attributes, subject_id, subject_label, requested_by_name,
   created_at, available_at, waiting_for, epoch, crashes, fingerprint, format)
SELECT (lpad(to_hex((extract(epoch FROM t.at) * 1000)::bigint), 12, '0') || '7' || substr(t.hash, 1, 3) || '8' ||
        substr(t.hash, 4, 15))::uuid, %(name)s, 1, 'PENDING', '', 'default', 0,
       jsonb_build_object('number', t.n, 'prefix', '', 'program', %(program)s::jsonb), '{}', '', '', '', t.at,
       CASE WHEN %(runnable)s THEN t.at END, '[]', 0, 0, '', 1
FROM (SELECT n, md5(%(name)s || n) AS hash, now() - %(age)s::interval + n * interval '0.1 ms' AS at
      FROM generate_series(%(first)s::integer, %(last)s::integer) n) t
"""
RECORD = """
INSERT INTO pgworkflows_task (workflow_id, branch, seq, kind, name, status, attempt, result, started_at, finished_at)
SELECT w.id, '', s, 'STEP', 'proofs.write', 'COMPLETED', 1, '1', w.created_at, w.created_at
FROM pgworkflows_workflow w CROSS JOIN generate_series(1, 2) s WHERE w.name = 'proofs.old' AND w.finished_at IS NULL
"""
END = """
UPDATE pgworkflows_workflow SET status = 'COMPLETED', result = '[1, 1]', available_at = NULL, finished_at = created_at
WHERE name = 'proofs.old' AND finished_at IS NULL
"""
UNTOUCHED = """
SELECT count(*), md5(string_agg(w::text, '' ORDER BY w.id)) FROM pgworkflows_workflow w WHERE w.name = 'proofs.left'
"""
DONE = "SELECT COALESCE(max(id), 0) FROM proofs_row"
LEFT = "SELECT count(*) FROM pgworkflows_workflow WHERE name = 'proofs.old'"
# Three rows of each that has completed, and none of what has not begun; what is under way when the workers end has some.
EFFECTS = """
SELECT count(*) FILTER (WHERE times < 1), count(*) FILTER (WHERE times > 1)
FROM pgworkflows_workflow w CROSS JOIN generate_series(1, 3) AS place
CROSS JOIN LATERAL (SELECT count(*) AS times FROM proofs_row r
                    WHERE r.number = (w.kwargs ->> 'number')::integer AND r.label = place::text) r
WHERE w.name = 'proofs.program' AND w.status = 'COMPLETED'
"""
RUNNABLE = "SELECT count(*) FROM (SELECT FROM pgworkflows_workflow WHERE available_at IS NOT NULL LIMIT 1000) w"


def prove(run: Run) -> None:
    """Compare the rows that a worker writes in a second without a prune and with one, and look at what is left."""
    finished = run.options.get("finished") or (FINISHED_QUICK if run.quick else FINISHED)
    calm_seconds = CALM_QUICK if run.quick else CALM
    with run.server({"shared_buffers": "512MB", "max_wal_size": "4GB"}) as server:
        url = server.url(DATABASE)
        _prepare(url, finished)
        before = ask(url, UNTOUCHED)
        with run.fleet(url) as workers:
            workers.keep(1)
            _written(url, 3)  # until it is warm
            calm = [_written(url, calm_seconds)]
            during, seconds = _written_while_pruning(url, workers)
            calm.append(_written(url, calm_seconds))
        usual, left = sum(calm) / len(calm), ask(url, LEFT)[0][0]
        run.injected("workflows pruned", finished - left)
        run.count_left_unpruned(left)
        _count_effects(run, url)
        run.require("workflows pruned", finished)
        run.outcome.measured |= {
            "rows/s before, during, after": f"{calm[0]:.0f}, {during:.0f}, {calm[1]:.0f}",
            "pruned/s": f"{finished / seconds:.0f}",
            "throughput falls by": f"{1 - during / usual:.0%}",
        }
        if during < usual * (1 - MOST_DIP):
            run.outcome.problems.append(f"throughput fell by {1 - during / usual:.0%}, at most {MOST_DIP:.0%} is allowed")
        if ask(url, UNTOUCHED) != before:
            run.outcome.problems.append("the prune touched what had not ended")
        if ask(url, RUNNABLE) == [(0,)]:
            run.outcome.problems.append("the worker ran dry, so nothing was measured")


def _count_effects(run: Run, url: str) -> None:
    """Look whether each completed workflow's rows are there once."""
    ask(url, "CREATE INDEX ON proofs_row (number)")
    counts = Counts()
    counts.effects_lost, counts.effects_doubled = ask(url, EFFECTS)[0]
    run.outcome.problems += counts.wrong()


def _prepare(url: str, finished: int) -> None:
    """Make what ended long ago, what is as old and has not ended, and more work than the worker can do."""
    values: dict[str, Any] = {"program": f"[{PROGRAM}]", "age": "100 days"}
    _fill(url, finished, lambda: (ask(url, RECORD), ask(url, END)), **values, name="proofs.old", runnable=False)
    _fill(url, UNFINISHED, lambda: None, **values, name="proofs.left", runnable=False)
    _fill(url, finished // 4 + BACKLOG, lambda: None, **values | {"age": "1 hour"}, name="proofs.program", runnable=True)
    ask(url, "VACUUM ANALYZE")
    ask(url, "CHECKPOINT")


def _fill(url: str, count: int, after_each: Callable[[], Any], **values: Any) -> None:
    for first in range(0, count, CHUNK):
        with psycopg.connect(url) as session:
            session.execute(BEGIN, {**values, "first": first + 1, "last": min(first + CHUNK, count)})
        after_each()


def _written(url: str, seconds: float) -> float:
    """Return the rows that are written in a second."""
    rows, began = ask(url, DONE)[0][0], time.monotonic()
    time.sleep(seconds)
    return float(ask(url, DONE)[0][0] - rows) / (time.monotonic() - began)


def _written_while_pruning(url: str, workers: Fleet) -> tuple[float, float]:
    """Prune in a process of its own; return the rows written in a second meanwhile, and how long it took."""
    rows, began = ask(url, DONE)[0][0], time.monotonic()
    command = [sys.executable, "-m", "django", "workflows", "prune", "--older-than", "30d"]
    subprocess.run(command, cwd=ROOT, env=workers.environment, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    return float(ask(url, DONE)[0][0] - rows) / seconds, seconds
