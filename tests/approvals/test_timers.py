"""Reminders, escalation, expiry: timers of the same worker."""

from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings

from pgworkflows.models import Approval, History, Task
from pgworkflows.presentation.waits import since
from pgworkflows.store.approvals.decisions import who_may_decide

DAY = timedelta(days=1)


def timers(workflow):
    return list(workflow.tasks.filter(kind="TIMER").order_by("seq").values_list("name", "status"))


def test_three_timers_in_a_row(ask, people, pgworkflows):
    started = ask(
        groups=["bosses"], timeout=3 * DAY, remind_every=2 * DAY, on_timeout="escalate", escalate_to=["finance"]
    )  # fmt: skip
    approval = Approval.objects.get()
    pgworkflows.move_clock(2 * DAY)
    pgworkflows.run_workflows()
    assert timers(started) == [("reminder", "COMPLETED"), ("escalation", "WAITING")]
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    assert who_may_decide(approval) == ["ann", "bob", "cora", "dan"]
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    pgworkflows.move_clock(2 * DAY)
    pgworkflows.run_workflows()
    assert timers(started)[2:] == [("reminder", "COMPLETED"), ("expiry", "COMPLETED")]
    assert started.wait(0).status == "EXPIRED"
    events = History.objects.filter(approval=approval.pk).order_by("id").values_list("event", flat=True)
    assert list(events) == ["request", "ask", "remind", "ask", "escalate", "remind", "expire"]


def test_decision_ends_the_timer(ask, people, latest):
    started = ask(groups=["bosses"], timeout=3 * DAY)
    latest(started).approve(people.ann)
    latest(started)
    assert (timers(started), started.wait(0).approved) == ([("expiry", "CANCELLED")], True)


def test_escalated_people_decide(ask, people, latest, pgworkflows):
    started = ask(groups=["bosses"], timeout=DAY, on_timeout="escalate", escalate_to=["finance"])
    pgworkflows.move_clock(DAY)
    latest(started).approve(people.cora)
    latest(started)
    assert started.wait(0).decisions[0]["username"] == "cora"


def test_wait_is_since_the_question_and_until_the_new_date_after_an_escalation(ask, pgworkflows):
    started = ask(groups=["bosses"], timeout=DAY, on_timeout="escalate", escalate_to=["finance"])
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    started.refresh_from_db()
    (wait,), approval = started.waiting_for, Approval.objects.get()
    assert (since(wait), wait["until"]) == (approval.created_at, approval.due_at.isoformat())


def test_decision_between_due_date_and_escalation_counts(ask, people, pgworkflows):
    ask(groups=["bosses"], timeout=DAY, on_timeout="escalate", escalate_to=["finance"])
    pgworkflows.move_clock(2 * DAY)
    approval = Approval.objects.get()
    assert list(Approval.objects.overdue()) == [approval]
    approval.approve(people.ann)
    assert approval.status == "APPROVED"


def test_stage_brings_its_own_limits(policy, ask, people, latest, pgworkflows):
    policy(("bosses", {"time_limit": DAY, "on_timeout": "escalate", "escalate_to": "finance"}), ("finance", {}))
    started = ask(policy="purchases")
    pgworkflows.move_clock(DAY)
    approval = latest(started)
    assert who_may_decide(approval) == ["ann", "bob", "cora", "dan"]
    pgworkflows.move_clock(DAY)
    latest(started)
    assert started.wait(0).status == "EXPIRED"


def test_nothing_rings_while_the_requester_has_it(ask, people, latest, pgworkflows):
    started = ask(groups=["bosses"], timeout=DAY)
    latest(started).request_changes(people.ann, comment="cheaper")
    latest(started)
    pgworkflows.move_clock(3 * DAY)
    approval = latest(started)
    assert approval.status == "CHANGES_REQUESTED"
    approval.resubmit(people.eve, "")
    again = latest(started)
    assert (again.round, again.status, again.due_at) == (2, "PENDING", again.created_at + DAY)


def skip_weekend(begins, limit):
    """Count no Saturdays and Sundays."""
    moment = begins + limit
    return moment + timedelta(days=max(0, 7 - moment.isoweekday()) % 7 + 1) if moment.isoweekday() > 5 else moment


def test_due_dates_take_working_days(ask):
    with override_settings(PGWORKFLOWS={"DUE": f"{__name__}.skip_weekend"}):
        for days in range(1, 8):
            ask(groups=["bosses"], timeout=timedelta(days=days))
    assert all(approval.due_at.isoweekday() <= 5 for approval in Approval.objects.all())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_timeout": "escalate", "timeout": 9}, "on_timeout='escalate' and escalate_to= belong together"),
        ({"escalate_to": ["finance"], "timeout": 9}, "on_timeout='escalate' and escalate_to= belong together"),
        ({"on_timeout": "reject"}, "on_timeout='reject' needs a timeout="),
        ({"on_timeout": "approve"}, "must be one of expire, escalate, reject"),
        ({"remind_every": 0}, "remind_every= must be longer than nothing"),
        ({"policy": "x"}, "needs either policy=, or users= or groups="),
        ({"groups": []}, "needs either policy=, or users= or groups="),
    ],
)
def test_wrong_requests_say_what_is_wrong(ask, options, message):
    assert message in ask(**({"groups": ["bosses"]} | options)).error["message"]


LOCK = "SELECT FROM pgworkflows_approval WHERE id = %s FOR NO KEY UPDATE"


def test_worker_leaves_an_approval_that_is_being_decided(transactional_db, ask, people, pgworkflows):
    started = ask(groups=["bosses"], timeout=DAY)
    approval = Approval.objects.get()
    pgworkflows.move_clock(2 * DAY)
    with closing(connection.get_new_connection(connection.get_connection_params())) as other:
        other.execute(LOCK, [approval.pk])
        pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, Task.objects.get(kind="TIMER").status) == ("WAITING", "WAITING")
    pgworkflows.move_clock(timedelta(seconds=2))
    pgworkflows.run_workflows()
    assert started.wait(0).status == "EXPIRED"
