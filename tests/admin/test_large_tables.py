"""Lists over 200,000 workflows and 400,000 rows of history: every statement that they send, planned and counted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pgworkflows.models import History, Workflow, WorkflowDefinition
from pgworkflows.models.history import ROUTINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("may_stop_triggers")]

LARGE = ("pgworkflows_workflow", "pgworkflows_history")
TABLES = (*LARGE, "pgworkflows_task")
ROWS = 200_000
#: What a statement may read and throw away, of ROWS or more.
MOST_THROWN_AWAY = 8_000

# Most completed; some of every other status but RUNNING and COMPENSATING, and few of what matters.
LOAD = """
SET LOCAL session_replication_role = replica;
INSERT INTO pgworkflows_workflow
  (id, name, version, key, status, state, queue, priority, kwargs, attributes, subject_label, subject_id, requested_by_name,
   created_at, started_at, finished_at, available_at, waiting_for, epoch, crashes, fingerprint, format)
SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
  CASE WHEN n % 9973 = 0 THEN 'shop.rare' WHEN n % 30 = 0 THEN 'shop.refund' ELSE 'shop.fulfil' END, 1, 'K' || n, status,
  CASE WHEN n % 40001 = 0 THEN 'RARE' WHEN n % 2 = 0 THEN 'PAID' ELSE '' END,
  CASE WHEN n % 2003 = 0 THEN 'slow' ELSE 'default' END, 0, '{}',
  CASE WHEN n % 5003 = 0 THEN '{"batch": 7}' WHEN n % 10 = 0 THEN '{"region": "EU"}' ELSE '{}' END::jsonb,
  'demo_shop.order', n::text, '', now(), now(), CASE WHEN ended THEN now() END,
  CASE WHEN status = 'PENDING' THEN now() END, '[]', 0, 0, '', 1
FROM (
  SELECT n, status, status IN ('COMPLETED', 'FAILED', 'COMPENSATED', 'CANCELLED') AS ended
  FROM (
    SELECT n, CASE WHEN n % 50021 = 0 THEN 'BLOCKED' WHEN n % 997 = 0 THEN 'FAILED' WHEN n % 1009 = 0 THEN 'COMPENSATED'
      WHEN n % 1013 = 0 THEN 'CANCELLED' WHEN n % 60 = 0 THEN 'WAITING' WHEN n % 301 = 0 THEN 'PENDING'
      ELSE 'COMPLETED' END AS status
    FROM generate_series(1, %(rows)s) AS n
  ) AS drawn
) AS known;
INSERT INTO pgworkflows_history
  (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note)
SELECT w.id, step.event, '', '', '', now(),
  CASE WHEN step.event = 'complete' THEN 'host:17' WHEN n %% 3001 = 0 THEN 'grace' ELSE '' END, 'shop',
  CASE WHEN step.event = 'complete' THEN 'worker' WHEN n %% 3001 = 0 THEN 'admin' ELSE 'python' END, ''
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM pgworkflows_workflow) AS w
CROSS JOIN LATERAL (VALUES (CASE WHEN n %% 3001 = 0 THEN 'retry' ELSE 'start' END), ('complete')) AS step (event);
SET LOCAL session_replication_role = origin;
ANALYZE pgworkflows_workflow, pgworkflows_history, pgworkflows_workflowdefinition;
"""


def load() -> None:
    with connection.cursor() as cursor:
        for statement in LOAD.replace("%%", "%").replace("%(rows)s", str(ROWS)).split(";\n"):
            cursor.execute(statement)


def addresses() -> Iterator[str]:
    """List what a person can ask of the lists."""
    workflows, history = "/admin/pgworkflows/workflow/", "/admin/pgworkflows/history/"
    queries = ["", "p=2", "p=50", *(f"status={status}" for status in ("unfinished", *Workflow.Status.values))]
    queries += [f"name={name}" for name in ("shop.fulfil", "shop.refund", "shop.rare")]
    queries += ["queue=default", "queue=slow", "state=PAID", "state=RARE", "status=BLOCKED&name=shop.fulfil&queue=default"]
    queries += ["name=shop.rare&status=COMPLETED", "state=RARE&queue=slow", "status=WAITING&state=PAID"]
    middle = Workflow.objects.order_by("pk")[ROWS // 2].pk
    searches = [
        "K777",
        "K7777",
        "K-none",
        "777",
        "demo_shop.order:777",
        "shop.rare",
        "shop.fulfil",
        "batch=7",
        "region=EU",
        "region=none",
        str(middle),
        str(middle)[:10],
    ]
    queries += [f"q={search}" for search in searches]
    yield from (f"{workflows}?{query}" for query in queries)
    rare = [verb for verb in History.Event.values if verb not in ROUTINE]
    queries = [
        "",
        "p=50",
        *(f"event={verb}" for verb in rare),
        "channel=admin",
        "channel=link",
        "q=grace",
        "q=nobody",
        f"q={middle}",
    ]
    yield from (f"{history}?{query}" for query in queries)
    yield from ("/admin/pgworkflows/workflowdefinition/", f"{workflows}{middle}/change/", "/admin/")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def wasteful(sql: str) -> list[str]:
    """Run a statement under EXPLAIN ANALYZE; return what it reads for nothing."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.replace('%', '%%')}", [])
        explained = cursor.fetchone()[0]
    (plan,) = json.loads(explained) if isinstance(explained, str) else explained
    found = []
    for node in nodes(plan["Plan"]):
        thrown = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        whole = node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
        if whole or thrown > MOST_THROWN_AWAY:
            found.append(f"{node['Node Type']} throws {thrown} away: {sql[:300]}")
    return found


def test_no_list_reads_the_whole_table(admin_client):
    for name in ("shop.fulfil", "shop.refund", "shop.rare"):
        WorkflowDefinition.objects.create(name=name, version=1)
    load()
    sent = dict[str, str]()
    for address in addresses():
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(address).status_code == 200, address
        sent |= {query["sql"]: address for query in captured if any(table in query["sql"] for table in TABLES)}
    assert [f"{address}: {waste}" for sql, address in sent.items() for waste in wasteful(sql)] == []
