"""The lists over a million approvals: every statement that they send, planned and run."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.site.conftest import allow

ROWS = 1_000_000
LARGE = ("pgworkflows_approval", "pgworkflows_approval_users", "pgworkflows_approval_groups", "pgworkflows_decision")
#: What a statement may read of them.
MOST_READ = 15_000
#: Of these a list may read all: they are what waits for anybody.
PENDING = ROWS // 10

# A tenth is pending. ann is named in 30, the group few in 40, the group crowd in half a million; zoe is named in the other
# half, of which nothing is pending; eve asked for 100,000; fay has decided 5,000; nobody asks dan.
LOAD = """
SET LOCAL session_replication_role = replica;
INSERT INTO pgworkflows_workflow
  (id, name, version, status, state, queue, priority, kwargs, attributes, subject_label, subject_id, requested_by_name,
   created_at, waiting_for, epoch, crashes, fingerprint, format)
SELECT lpad(to_hex(n), 32, '0')::uuid,
  'shop.buy', 1, 'WAITING', '', 'default', 0, '{{}}', '{{}}', '', '', '', now(), '[]', 0, 0, '', 1
FROM generate_series(0, 9999) AS n;
INSERT INTO pgworkflows_approval
  (workflow_id, seq, request, round, kind, title, description, subject_label, subject_id, requested_by_id, requested_by_name,
   could_decide, status, quorum, allow_self_approval, allow_same_person, attributes, snapshot_hash, form, created_at, due_at,
   on_timeout, escalate_to, revision)
SELECT lpad(to_hex(n % 10000), 32, '0')::uuid, n, n, 1, CASE n % 1000 WHEN 0 THEN 'trip' ELSE 'purchase' END,
  'Buy ' || CASE n % 100000 WHEN 0 THEN 'unicorns' ELSE 'chairs' END || ' no. ' || n, '', 'ledger.purchase', n::text,
  CASE WHEN n % 10 = 3 THEN {eve} END, CASE WHEN n % 10 = 3 THEN 'eve' ELSE 'script' END, '[]',
  CASE WHEN n % 10 = 0 THEN 'PENDING' WHEN n % 5003 = 0 THEN 'CHANGES_REQUESTED'
    WHEN n % 997 = 0 THEN 'REJECTED' ELSE 'APPROVED' END,
  1, false, false, CASE n % 20011 WHEN 0 THEN '{{"region": "EU"}}' ELSE '{{}}' END::jsonb, '', '',
  now(), CASE WHEN n % 3 > 0 THEN now() + (n % 1000 - 20) * interval '1 hour' END, 'expire', '{{}}', 0
FROM generate_series(1, {rows}) AS n;
INSERT INTO pgworkflows_approval_users (approval_id, user_id)
SELECT id, CASE WHEN seq % 33330 = 0 THEN {ann} ELSE {zoe} END FROM pgworkflows_approval WHERE seq % 2 = 1 OR seq % 33330 = 0;
INSERT INTO pgworkflows_approval_groups (approval_id, group_id)
SELECT id, CASE WHEN seq % 25000 = 0 THEN {few} ELSE {crowd} END FROM pgworkflows_approval WHERE seq % 2 = 0;
INSERT INTO pgworkflows_decision
  (approval_id, user_id, username, on_behalf_of_name, verdict, comment, channel, snapshot_hash, at)
SELECT id, CASE WHEN seq % 200 = 1 THEN {fay} ELSE {zoe} END, 'somebody', '', 'approve', '', 'site', '', now()
FROM pgworkflows_approval WHERE seq % 10 = 1;
SET LOCAL session_replication_role = origin;
ANALYZE pgworkflows_workflow, pgworkflows_approval, pgworkflows_approval_users, pgworkflows_approval_groups,
  pgworkflows_decision, auth_user, auth_group, auth_user_groups;
"""


INDEXES = """
SELECT indexname, indexdef FROM pg_indexes JOIN pg_index i ON i.indexrelid = indexname::regclass
WHERE tablename LIKE 'pgworkflows_approval%' AND NOT i.indisunique
"""


def load() -> None:
    names = ("ann", "bob", "cora", "dan", "eve", "fay", "gus", "zoe")
    keys = {name: User.objects.create_user(name).pk for name in names}
    groups = {name: Group.objects.create(name=name) for name in ("few", "crowd")}
    groups["crowd"].user_set.add(keys["bob"])
    groups["few"].user_set.add(keys["cora"])
    allow(User.objects.get(username="gus"), "view_approval")
    filled = LOAD.format(rows=ROWS, **keys, **{name: group.pk for name, group in groups.items()})
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()  # made afterwards, as that takes a third of the time
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for statement in [*filled.split(";\n")[:-2], *(made for _, made in indexes), filled.split(";\n")[-2]]:
            cursor.execute(statement)


def read(plan: dict[str, Any]) -> int:
    """Count the rows that scans of our tables took into their hands."""
    here = 0
    if str(plan.get("Relation Name", "")).startswith("pgworkflows_") and "Scan" in plan["Node Type"]:
        here = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return int(here) + sum(read(part) for part in plan.get("Plans", ()))


def whole(plan: dict[str, Any]) -> bool:
    """Whether a table of a million rows is read from end to end."""
    here = plan["Node Type"].endswith("Seq Scan") and plan["Relation Name"] in LARGE
    return here or any(whole(part) for part in plan.get("Plans", ()))


def planned(sql: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}")
        found = cursor.fetchone()[0]
    return (json.loads(found) if isinstance(found, str) else found)[0]


#: Who asks for what.
ADDRESSES = (
    *((name, "") for name in ("ann", "bob", "cora", "dan", "zoe")),
    *(("bob", f"?{query}") for query in ("overdue=on", "kind=trip", "q=unicorns", "attribute=region%3DEU", "page=20")),
    ("eve", "requests/"),
    ("fay", "decided/"),
    *(("bob", f"all/?{query}") for query in ("", "q=unicorns", "status=REJECTED")),
    *(("gus", f"all/?{query}") for query in ("", "page=100", "status=REJECTED", "kind=trip", "q=unicorns", "q=777")),
)


def sent(name: str, address: str) -> list[str]:
    """Return what a list asks the database about approvals."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/approvals/{address}").status_code == 200
    return [query["sql"] for query in captured.captured_queries if "pgworkflows_approval" in query["sql"]]


def test_lists_read_little_of_a_million(may_stop_triggers: None, db: None) -> None:
    load()
    greedy = []
    for name, address in ADDRESSES:
        most = PENDING + MOST_READ if name == "zoe" else MOST_READ
        for sql in sent(name, address):
            plan = planned(sql)["Plan"]
            if read(plan) > most or whole(plan):
                greedy.append(f"{name} at {address!r} reads {read(plan)} rows: {sql[:300]}")
    assert greedy == []
