"""A database that does not answer any more, and a disk that is full."""

import threading
import time
from dataclasses import replace

import pytest
from django.db import OperationalError, connection

from pgworkflows import step, workflow
from pgworkflows.models import Task, Workflow
from pgworkflows.store import workers
from pgworkflows.store.connection import answered, query, unanswered
from pgworkflows.worker import watchdog
from pgworkflows.worker.watchdog import Watchdog
from tests.ledger.models import Entry


@pytest.fixture
def ended(monkeypatch, worker):
    """Note what would end the process, and end the worker instead."""
    made = []

    def leave(status):
        made.append(status)
        worker.heartbeat.ended.set()

    monkeypatch.setattr(watchdog.os, "_exit", leave)
    return made


def test_hanging_query_ends_the_process(worker, ended):
    watching = Watchdog(replace(worker.engine, lease=0.1), worker.heartbeat, worker.heartbeat.ended)
    watching.start()
    query("SELECT pg_sleep(2)")
    watching.join(timeout=20)
    assert ended == [1]
    assert threading.get_ident() not in unanswered


def test_queries_that_are_answered_end_nothing(worker, ended):
    Watchdog(replace(worker.engine, lease=1.0), worker.heartbeat, worker.heartbeat.ended).start()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        query("SELECT pg_sleep(0.1)")
    assert ended == []


def test_open_batch_may_wait_for_an_answer(worker):
    with answered():
        assert Watchdog(worker.engine, worker.heartbeat, worker.heartbeat.ended).unanswered_since() is not None
        open_batch = replace(worker.engine, transaction=object())
        assert Watchdog(open_batch, threading.Thread(), threading.Event()).unanswered_since() is None


def test_full_disk_is_charged_to_nobody(worker, run_until):
    """A sequence is not rolled back, so that it tells the first time from the second."""
    fail_once = """DO $$ BEGIN IF nextval('disk') = 1 THEN RAISE 'full' USING ERRCODE = 'disk_full'; END IF; END $$"""

    @step
    def enter() -> None:
        Entry.objects.create(name="kept")
        with connection.cursor() as cursor:
            cursor.execute(fail_once)

    @workflow
    def body() -> None:
        enter()

    query("CREATE TEMPORARY SEQUENCE disk")
    worker.know(body)
    body.start()
    with pytest.raises(OperationalError, match="full"):  # which the worker's loop takes for a reason to pause
        worker.step()
    run_until(lambda: Workflow.objects.get().is_finished)
    assert (Workflow.objects.get().status, Task.objects.get().attempt) == ("COMPLETED", 1)
    assert Entry.objects.count() == 1


def test_orphan_ends_while_the_database_is_gone(worker, monkeypatch):
    def lost(*_, **__):
        raise OperationalError("gone")

    monkeypatch.setattr(workers, "beat", lost)
    worker.heartbeat._parent = -1
    end = time.monotonic() + 20
    while not worker.stopping:
        assert time.monotonic() < end, "it goes on without a parent"
        time.sleep(0.02)
