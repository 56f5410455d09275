"""Filtering, searching and paging."""

import base64
import json

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from pgworkflows.api import scopes
from pgworkflows.api.filters import WorkflowFilter
from pgworkflows.models import Workflow
from pgworkflows.store.retention.guards import amending
from pgworkflows.store.starting import start_many
from tests.api.conftest import problem


@pytest.fixture
def thirty(ann, fulfil, django_user_model):
    """Thirty workflows of ann's."""
    user = django_user_model.objects.get(username="ann")
    return start_many(fulfil.using(requested_by=user), [{"order": n, "speed": "slow"} for n in range(30)])


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_pages_follow_each_other_both_ways(ann, thirty):
    first = ann.read("workflows", page_size=12).json()
    second = ann.get(first["next"]).json()
    third = ann.get(second["next"]).json()
    assert [len(page["results"]) for page in (first, second, third)] == [12, 12, 6]
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == sorted((str(each.pk) for each in thirty), reverse=True)
    assert third["next"] is None
    assert ann.get(third["previous"]).json()["results"] == second["results"]


def test_pages_do_not_shift_under_new_rows(ann, thirty, fulfil):
    first = ann.read("workflows", page_size=10).json()
    ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 99}})
    second = ids(ann.get(first["next"]))
    assert second == [str(each.pk) for each in sorted(thirty, key=lambda each: each.pk, reverse=True)[10:20]]


@pytest.mark.parametrize("size", ["0", "201", "-1", "ten", "9" * 5000, "\u0663"])
def test_page_size_has_bounds(ann, size):
    told = problem(ann.read("workflows", page_size=size), 400, "invalid")
    assert told["errors"] == [{"field": "page_size", "detail": "Give a number from 1 to 200."}]


@pytest.mark.parametrize("position", ["p=nonsense", "p=%00", "o=-1", "r=x", "o=1e9", "\xff"])
@pytest.mark.parametrize("address", ["workflows", "definitions"])
def test_forged_cursor_is_refused(ann, position, address):
    cursor = base64.b64encode(position.encode("latin-1")).decode()
    told = problem(ann.read(address, cursor=cursor), 422, "unprocessable")
    assert told["errors"] == [{"field": "cursor", "detail": "This is no cursor of this list."}]


def test_filters_narrow_the_list(auditor, ann, fulfil, pgworkflows):
    first = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}, "attributes": {"region": "EU", "n": 1}})
    second = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 2}, "key": "the second"})
    one, two = first.json()["id"], second.json()["id"]
    Workflow.objects.get(pk=two).cancel("x", compensate=False)
    assert ids(auditor.read("workflows", status=["CANCELLED"])) == [two]
    assert ids(auditor.read("workflows", status=["PENDING", "BLOCKED"])) == [one]
    assert ids(auditor.read("workflows", finished="true")) == [two]
    assert ids(auditor.read("workflows", attributes=json.dumps({"region": "EU"}))) == [one]
    assert ids(auditor.read("workflows", search="the second")) == [two]
    assert ids(auditor.read("workflows", key="the second", requested_by="ann")) == [two]
    assert ids(auditor.read("workflows", name="shop.fulfil", version=2)) == []
    assert ids(auditor.read("workflows", created_after=first.json()["created_at"])) == [two, one]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("staus", "FAILED"), ("status", "LOST"), ("version", "one"), ("version", "99999999999999999999"), ("finished", "maybe"),
        ("parent", "x"), ("subject", "order 7"), ("search", "\x00"), ("created_after", "yesterday"), ("key", "a\x00b"),
        ("name", ""), ("status", ""), ("finished", ""), ("created_after", ""),
    ],
)  # fmt: skip
def test_parameters_that_mean_nothing_are_refused(auditor, parameter, value):
    told = problem(auditor.read("workflows", **{parameter: value}), 400, "invalid")
    assert [each["field"] for each in told["errors"]] == [parameter]


@pytest.mark.parametrize("value", ["[1]", "x", '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": 1e999}', "[" * 100_000])
def test_attributes_that_could_not_be_stored_are_refused(auditor, value):
    told = problem(auditor.read("workflows", attributes=value), 422, "unprocessable")
    assert told["errors"] == [{"field": "attributes", "detail": "This is no JSON object that could be stored."}]


@pytest.mark.parametrize("address", ["workflows", "tasks", "history", "definitions"])
def test_lists_ask_as_much_for_many_rows_as_for_one(ann, thirty, pgworkflows, address):
    pgworkflows.run_workflows()
    args = [thirty[0].pk] if address in ("tasks", "history") else []
    counts = []
    for size in (1, 30):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert ann.read(address, *args, page_size=size).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 7


# Half finished, a few stuck, each with a name and a subject out of many.
CROWD = """
SET LOCAL session_replication_role = replica;
INSERT INTO pgworkflows_workflow
  (id, name, version, status, state, queue, priority, kwargs, attributes, subject_label, subject_id, requested_by_name,
   created_at, finished_at, available_at, waiting_for, epoch, crashes, fingerprint, format)
SELECT gen_random_uuid(), 'crowd.' || n % 100, 1, status, '', 'default', 0, '{}', jsonb_build_object('batch', n % 200),
  'shop.order', n::text, '', now(), CASE status WHEN 'COMPLETED' THEN now() END, CASE status WHEN 'PENDING' THEN now() END,
  '[]', 0, 0, '', 1
FROM generate_series(1, 3000) n,
  LATERAL (SELECT CASE WHEN n % 500 = 0 THEN 'BLOCKED' WHEN n % 2 = 0 THEN 'PENDING' ELSE 'COMPLETED' END) drawn (status);
SET LOCAL session_replication_role = origin;
ANALYZE pgworkflows_workflow;
SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;
"""


@pytest.fixture
def plan(may_stop_triggers, db):
    """Return the plan of a page of a list, as the planner would make it for a large table."""
    with connection.cursor() as cursor:
        cursor.execute(CROWD)

    def plan(found, *ordering):
        return found.order_by(*ordering)[:51].explain()

    return plan


def test_own_list_comes_from_an_index(plan, person):
    assert "pgworkflows_workflow_requester" in plan(scopes.workflows(person("ann")), "-id")
    assert "pgworkflows_workflow_pkey" in plan(scopes.workflows(person("eve", "view_workflow")), "-id")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"attributes": '{"region": "EU"}'}, "pgworkflows_workflow_attributes"),
        ({"subject": "shop.order:7"}, "pgworkflows_workflow_subject"),
        ({"name": "shop.fulfil"}, "pgworkflows_workflow_named"),
        ({"status": "BLOCKED"}, "pgworkflows_workflow_troubled"),
    ],
)
def test_filters_come_from_an_index(plan, auditor, query, index):
    given = QueryDict(mutable=True)
    given.update(query)
    assert index in plan(WorkflowFilter(given, queryset=Workflow.objects.all()).qs)


@pytest.mark.parametrize("key", [" ", "7 ", "\u00a0x"])
def test_key_of_a_subject_may_hold_spaces(auditor, fulfil, key):
    started = fulfil.start(1)
    with amending("The test"):
        Workflow.objects.filter(pk=started.pk).update(subject_label="shop.order", subject_id=key)
    assert ids(auditor.read("workflows", subject=f"shop.order:{key}")) == [str(started.pk)]


def test_time_zones_beyond_the_server_s_are_taken(ann):
    assert ann.get("/api/approvals/?created_after=2026-01-01T00:00:00%2B16:12").status_code == 200
    assert ann.get("/api/approvals/?created_after=0001-01-01T00:00:00%2B16:12").status_code == 400
