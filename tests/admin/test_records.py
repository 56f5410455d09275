"""History, definitions and workers in the admin."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from pgworkflows.admin.records import definition
from pgworkflows.models import History, Worker, WorkflowDefinition
from tests.admin.staged import fails, ran, waits

pytestmark = pytest.mark.django_db


def rows(browser, model: str, **query: str) -> list:
    answer = browser.get(f"/admin/pgworkflows/{model}/", query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_history_is_found_by_person(staff, waiting, failed):
    waiting.cancel("the customer called", by="grace")
    ran(waiting)
    found = rows(staff("view_history"), "history", q="grace")
    assert {row.workflow for row in found} == {waiting.pk}
    assert {row.actor for row in found} == {"grace"}


def test_history_is_found_by_workflow(staff, waiting, failed):
    found = rows(staff("view_history"), "history", q=str(failed.pk))
    assert len(found) == History.objects.filter(workflow=failed.pk).count()


def test_history_is_filtered_by_what_happened(staff, waiting, failed):
    browser = staff("view_history")
    assert {row.workflow for row in rows(browser, "history", event="fail")} == {failed.pk}
    assert rows(browser, "history", event="block") == []


def test_history_is_filtered_by_channel(staff, operator, waiting):
    operator.post(f"/admin/pgworkflows/workflow/{waiting.pk}/cancel/", {"reason": "enough"})
    found = rows(staff("view_history", name="eve"), "history", channel="admin")
    assert {row.actor for row in found} == {"ada"}


def test_history_names_its_workflow_while_that_is_there(staff, failed):
    page = staff("view_history").get("/admin/pgworkflows/history/").content.decode()
    assert f"{failed.name} {failed.pk}" in page


def test_history_entry_can_be_read(staff, failed):
    failed.retry("token=abc works now", by="grace")
    entry = History.objects.get(event="retry")
    text = staff("view_history").get(f"/admin/pgworkflows/history/{entry.pk}/change/").content.decode()
    assert "token=[hidden] works now" in text


def define(name: str, version: int) -> None:
    WorkflowDefinition.objects.get_or_create(name=name, version=version)


def test_definitions_count_what_has_not_ended(staff):
    define("admin_tests.waits", 1)
    define("admin_tests.waits", 2)
    for _ in range(3):
        ran(waits.start())
    ran(fails.start())
    found = rows(staff("view_workflowdefinition"), "workflowdefinition")
    assert {(row.version, row.open, row.stuck) for row in found if row.name == "admin_tests.waits"} == {(1, 3, 0), (2, 0, 0)}


def test_definitions_count_no_further_than_their_bound(staff, monkeypatch):
    monkeypatch.setattr(definition, "MOST_COUNTED", 2)
    define("admin_tests.waits", 1)
    for _ in range(5):
        waits.start()
    text = staff("view_workflowdefinition").get("/admin/pgworkflows/workflowdefinition/").content.decode()
    assert "more than 2" in text


def test_workers_show_whether_they_live(staff):
    past = {"queues": [], "lease": timedelta(seconds=30), "started_at": timezone.now(), "connected_at": timezone.now()}
    Worker.objects.create(name="alive", beat_at=timezone.now(), **past)
    Worker.objects.create(name="silent", beat_at=timezone.now() - timedelta(minutes=5), **past)
    Worker.objects.create(name="ended", beat_at=timezone.now(), stopped_at=timezone.now(), **past)
    browser = staff("view_worker")
    shown = {row.name: (row.late, row.in_flight) for row in rows(browser, "worker")}
    assert shown == {"alive": (False, 0), "silent": (True, 0), "ended": (False, 0)}
    assert {row.name for row in rows(browser, "worker", running="yes")} == {"alive", "silent"}


def test_worker_can_be_read(staff):
    ran(waits.start())
    worker = Worker.objects.order_by("pk").annotate(key=F("pk")).first()
    assert staff("view_worker").get(f"/admin/pgworkflows/worker/{worker.key}/change/").status_code == 200
