"""G9: what waits is a row: no thread, no connection, no lock, no open transaction."""

import subprocess
import threading
from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import User

from pgworkflows import request_approval, sleep, wait_for_event, workflow
from pgworkflows.models import Workflow
from tests.ledger.workflows import waiting
from tests.workers import OTHER_SESSIONS, conninfo, rows, until

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_ROWS = "SELECT count(*) FROM (SELECT FROM pgworkflows_workflow FOR UPDATE SKIP LOCKED) free"


def sessions(condition: str = "true") -> int:
    return rows(f"SELECT count(*) {OTHER_SESSIONS} AND {condition}")[0][0]


def unlocked() -> int:
    with psycopg.connect(conninfo()) as session:
        return session.execute(OPEN_ROWS).fetchone()[0]


def test_every_kind_of_wait_is_a_row(pgworkflows):
    User.objects.create(username="ann")

    @workflow
    def sleeping() -> None:
        sleep(timedelta(days=30))

    @workflow
    def listening() -> None:
        wait_for_event("go", timeout=timedelta(days=30))

    @workflow
    def asking() -> None:
        request_approval("May we?", users=["ann"])

    @workflow
    def parent() -> None:
        listening.start().result()

    threads, before = threading.active_count(), sessions()
    for body in (sleeping, listening, asking, parent):
        body.start_many([{}] * 10)
    pgworkflows.run_workflows()
    assert Workflow.objects.waiting().count() == unlocked() == 50
    until(lambda: sessions() <= before, "no more sessions than before", 5)
    assert threading.active_count() <= threads
    assert sessions("xact_start IS NOT NULL") == 0


def threads_of(process: subprocess.Popen[bytes]) -> int:
    listed = subprocess.run(["ps", "-L", "-o", "lwp=", "-p", str(process.pid)], capture_output=True, text=True, check=True)
    return len(listed.stdout.split())


def test_a_worker_with_many_waits_is_as_light_as_with_one(fleet):
    worker = fleet.worker()

    def weight() -> tuple[int, int]:
        until(lambda: not sessions("xact_start IS NOT NULL"), "no transaction is open", 5)
        return threads_of(worker), sessions()

    waiting.start("first")
    until(lambda: Workflow.objects.waiting().count() == 1, "one waits")
    one = weight()
    waiting.start_many([{"name": f"w{n}"} for n in range(500)])
    until(lambda: Workflow.objects.waiting().count() == 501, "all wait")
    assert weight() == one
    assert unlocked() == 501
    for row in Workflow.objects.all()[:20]:
        row.send_event("go", "now")
        assert row.wait(10) == "now"
