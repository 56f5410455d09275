"""`workflows check`: what a monitoring system asks once a minute."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from pgworkflows import send_event
from pgworkflows.models import Worker, Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.store.workers import register


def check(*words):
    """Return the exit status and what is printed."""
    out = StringIO()
    try:
        call_command("workflows", "check", *words, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def figures(*words):
    return json.loads(check("--json", *words)[1])


@pytest.fixture
def worker(db, quick, patient, asking):
    """Give a live worker that knows everything."""
    known = {f"{one.name}:1": one.fingerprint for one in (quick, patient, asking)}
    return register("w", queues=[], definitions=known, direct=False, lease=30)


def test_all_is_well_with_a_worker(worker):
    assert check() == (
        0,
        "All is well: 1 worker(s) alive, oldest runnable none, oldest wait none, 0 approval(s) overdue, 0 blocked, "
        "0 ended badly, 0 event(s) not taken.\n",
    )


def test_no_worker_is_a_problem(db):
    assert check() == (1, "! 0 worker(s) alive, fewer than 1\n")
    assert check("--workers", "0")[0] == 0


def test_json_has_every_figure(worker):
    assert figures() == {
        "ok": True, "problems": [], "oldest_runnable": None, "oldest_wait": None, "overdue_approvals": 0,
        "stuck_approvals": 0, "workers_alive": 1,
        "claims_without_owner": 0, "blocked": 0, "ended_badly": 0, "events_not_taken": 0, "executors_awaited": 0,
        "executor_trouble": "", "lanes_due": 0, "schedules_late": 0, "unknown_definitions": [], "not_as_shipped": [],
    }  # fmt: skip


def test_worker_past_its_lease_is_not_alive(worker, pgworkflows):
    pgworkflows.move_clock(timedelta(seconds=31))
    assert figures()["workers_alive"] == 0
    assert check()[0] == 1


def test_what_nobody_takes_is_told(worker, quick, execute):
    quick.start()
    assert check()[0] == 0
    execute("UPDATE pgworkflows_workflow SET available_at = available_at - interval '61 seconds'")
    assert check() == (1, "! the oldest runnable workflow has waited 0:01:01 for a worker\n")
    assert check("--runnable", "2m")[0] == 0
    assert 61 <= figures()["oldest_runnable"] < 70


def test_long_wait_is_told_when_asked_for(worker, patient, pgworkflows, execute):
    patient.start()
    pgworkflows.run_workflows()
    execute("UPDATE pgworkflows_task SET started_at = started_at - interval '3 days'")
    assert check()[0] == 0
    assert check("--wait", "2d") == (1, "! the oldest wait has been open for 3 days, 0:00:00\n")


def test_overdue_approval_is_told(worker, asking, pgworkflows, execute):
    asking.start()
    pgworkflows.run_workflows()
    execute("UPDATE pgworkflows_approval SET due_at = created_at - interval '1 second'")
    assert check() == (1, "! 1 approval(s) past their due date\n")
    assert check("--overdue", "1")[0] == 0


def test_claim_without_owner_is_told(worker, quick, execute):
    run = quick.start()
    gone = register("gone", queues=[], definitions={}, direct=False, lease=30)
    execute("UPDATE pgworkflows_workflow SET status = 'RUNNING', available_at = NULL, owner_id = %s WHERE id = %s", gone, run.pk)
    assert check()[0] == 0
    Worker.objects.filter(pk=gone).update(stopped_at="2026-01-01T00:00Z")
    assert check() == (1, "! 1 claim(s) of workers that are gone\n")


def test_blocked_workflow_is_told(worker, quick, execute):
    quick.start()
    execute("UPDATE pgworkflows_workflow SET status = 'BLOCKED', available_at = NULL")
    assert check() == (1, "! 1 workflow(s) blocked until a person has looked\n")
    assert check("--blocked", "1")[0] == 0


def test_what_ended_badly_is_told(worker, quick, execute):
    quick.start_many([{}] * 3)
    last = "id = (SELECT max(id::text)::uuid FROM pgworkflows_workflow)"
    execute("UPDATE pgworkflows_workflow SET status = 'COMPENSATING', available_at = NULL")
    execute(f"UPDATE pgworkflows_workflow SET status = 'FAILED', finished_at = pgworkflows.now() WHERE {last}")
    execute(f"UPDATE pgworkflows_workflow SET status = 'COMPENSATED', finished_at = pgworkflows.now() WHERE NOT {last}")
    assert check()[0] == 0
    assert check("--badly", "2") == (1, "! 3 workflow(s) ended FAILED or COMPENSATED\n")


def test_event_that_nobody_took_is_told(worker, patient, pgworkflows, workflows):
    assert workflows("events") == "Every event was taken by a wait.\n"
    run = patient.start()
    pgworkflows.run_workflows()
    assert run.send_event("g0", {"token": "t0psecret"}, by="ann") is False
    assert send_event("paid", correlation="order 7") is False
    assert figures()["events_not_taken"] == 0  # nobody has looked yet
    pgworkflows.run_workflows()
    assert run.send_event("go") is True
    pgworkflows.run_workflows()
    assert figures()["events_not_taken"] == 2
    assert check()[0] == 0
    assert check("--events", "1") == (1, "! 2 event(s) that nobody took; `manage.py workflows events` lists them\n")
    _, correlated, direct = workflows("events").splitlines()
    assert correlated.split()[2:] == ["paid", "order", "7"]
    assert direct.split()[2:] == ["g0", "ann", '{"token":', '"[hidden]"}', str(run.pk), run.name, "COMPLETED"]


def test_function_of_another_release_is_told(worker, execute):
    execute(
        "DROP TRIGGER event_kept ON pgworkflows_event; "
        "CREATE OR REPLACE FUNCTION pgworkflows.wake() RETURNS void LANGUAGE sql AS 'SELECT'"
    )
    assert check() == (
        1,
        "! the database has other functions or triggers than this checkout: wake, event_kept on pgworkflows_event. Run "
        "`manage.py migrate`; where that has nothing to do, run what `manage.py sqlmigrate pgworkflows "
        "0002_functions_and_guards` prints, as the owner of the tables.\n",
    )
    assert figures()["not_as_shipped"] == ["wake", "event_kept on pgworkflows_event"]


def test_too_many_lanes(worker, quick):
    write_definition(quick)
    for n in range(201):
        quick.using(queue=f"customer {n}").start()
    assert check() == (
        1,
        "! 201 lanes (definition, queue, priority) have work that is due, more than 200: each makes every claim dearer; use "
        "fewer queues and priorities\n",
    )
    Workflow.objects.filter(queue="customer 7").update(paused_at=timezone.now())
    assert (figures()["lanes_due"], figures()["ok"]) == (200, True)


def test_definition_that_no_worker_knows(worker, quick):
    quick.using(queue="slow").start()
    assert check()[0] == 0
    Worker.objects.update(queues=["default"])
    name = quick.name
    assert check() == (1, f"! {name} v1 in queue slow: 1 unfinished, and no live worker takes it\n")
    assert figures()["unknown_definitions"] == [{"name": name, "version": 1, "queue": "slow", "unfinished": 1}]
    Worker.objects.update(queues=[], definitions={})
    assert not figures()["ok"]


@pytest.mark.parametrize("words", [["--workers", "-1"], ["--overdue", "x"], ["--runnable", "60"]])
def test_limits_that_are_none(refused, words):
    assert "is no" in refused("check", words[0] + "=" + words[1])
