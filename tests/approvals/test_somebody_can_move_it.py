"""Every open approval has somebody who can move it, and where they are gone its time limit, and `workflows check`."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User

from pgworkflows import NotAllowed, request_approval, workflow
from pgworkflows.models import Approval, History
from pgworkflows.store.connection import query
from pgworkflows.store.health import measure

DAY = timedelta(days=1)


def deactivate(people):
    User.objects.filter(username="eve").update(is_active=False)


def delete(people):
    people.eve.delete()


GONE = [deactivate, delete]


def sent_back(ask, latest, people, **options):
    started = ask(groups=["bosses"], **options)
    latest(started).request_changes(people.ann, comment="cheaper")
    return started, latest(started)


@pytest.mark.parametrize("leaves", GONE)
@pytest.mark.parametrize(("on_timeout", "status"), [("expire", "EXPIRED"), ("reject", "REJECTED")])
def test_time_limit_ends_what_was_sent_back_to_nobody(ask, latest, people, pgworkflows, leaves, on_timeout, status):
    started, approval = sent_back(ask, latest, people, timeout=2 * DAY, on_timeout=on_timeout)
    leaves(people)
    pgworkflows.move_clock(DAY)
    assert latest(started).status == "CHANGES_REQUESTED"
    pgworkflows.move_clock(DAY)
    latest(started)
    assert started.wait(0).status == status
    assert History.objects.filter(approval=approval.pk, event="expire", from_status="CHANGES_REQUESTED").count() == 1


def test_time_limit_ends_what_nobody_asked_for(ask, latest, people, pgworkflows):
    started, _ = sent_back(ask, latest, people, by=None, timeout=DAY)
    pgworkflows.move_clock(DAY)
    latest(started)
    assert started.wait(0).status == "EXPIRED"


def test_requester_who_leaves_later_is_noticed(ask, latest, people, pgworkflows):
    started, _ = sent_back(ask, latest, people, timeout=DAY)
    pgworkflows.move_clock(3 * DAY)
    assert latest(started).status == "CHANGES_REQUESTED"
    deactivate(people)
    pgworkflows.move_clock(DAY)
    latest(started)
    assert started.wait(0).status == "EXPIRED"


def test_worker_leaves_what_is_resubmitted_just_now(ask, latest, people, pgworkflows):
    started, approval = sent_back(ask, latest, people, timeout=DAY)
    deactivate(people)
    pgworkflows.move_clock(2 * DAY)
    approval.resubmit(User.objects.create_superuser("root"), "in her place")
    assert (latest(started).status, latest(started).round) == ("PENDING", 2)


@pytest.mark.parametrize("leaves", GONE)
def test_who_reassigns_speaks_for_who_is_gone(ask, latest, people, leaves):
    root = User.objects.create_superuser("root")
    started, approval = sent_back(ask, latest, people)
    for verb in (approval.resubmit, approval.withdraw):
        with pytest.raises(NotAllowed, match="only its requester can"):
            verb(root, "in her place")
    leaves(people)
    with pytest.raises(NotAllowed, match="who is gone; then who holds the permission reassign_approval can"):
        approval.withdraw(people.ann, "no")
    approval.resubmit(root, "in her place")
    second = latest(started)
    second.withdraw(root, "nobody wants it")
    latest(started)
    assert (second.round, started.wait(0).status) == (2, "WITHDRAWN")


def empty(people):
    Group.objects.get(name="bosses").user_set.clear()


def remove(people):
    Group.objects.get(name="bosses").delete()


def dismiss(people):
    User.objects.filter(username__in=["ann", "bob"]).update(is_active=False)


def one_leaves(people):
    people.bob.delete()


@pytest.mark.parametrize("happens", [empty, remove, dismiss, one_leaves])
def test_check_counts_what_too_few_are_left_to_decide(ask, people, happens):
    ask(groups=["bosses"], quorum=2)
    approval = Approval.objects.get()
    assert measure().stuck_approvals == 0
    happens(people)
    assert query("SELECT id FROM pgworkflows.stuck_approvals()") == [(approval.pk,)]
    approval.reassign(User.objects.create_superuser("root"), Group.objects.get(name="finance"), "they are there")
    assert measure().stuck_approvals == 0


def test_check_counts_decisions_given(ask, people):
    ask(groups=["bosses"], quorum=2)
    Approval.objects.get().approve(people.ann)
    people.ann.delete()
    assert measure().stuck_approvals == 0
    people.bob.delete()
    assert measure().stuck_approvals == 1


def test_check_counts_what_was_sent_back_to_nobody(ask, latest, people):
    sent_back(ask, latest, people)
    assert measure().stuck_approvals == 0
    deactivate(people)
    assert measure().stuck_approvals == 1


def caught():
    try:
        return request_approval("Buy it", groups=["bosses"], quorum=2).status
    except NotAllowed as error:
        return str(error)


def begin(pgworkflows, people, body):
    started = workflow(name="tests.ask")(body).using(requested_by=people.eve).start()
    pgworkflows.run_workflows()
    Approval.objects.latest("id").request_changes(people.ann, comment="cheaper")
    pgworkflows.run_workflows()
    Group.objects.get(name="bosses").user_set.remove(people.bob)
    Approval.objects.latest("id").resubmit(people.eve, "is cheaper")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    return started


def test_round_that_is_too_small_fails_until_there_are_enough(pgworkflows, people):
    def body() -> str:
        return request_approval("Buy it", groups=["bosses"], quorum=2).status

    started = begin(pgworkflows, people, body)
    assert (started.status, "only 1 could decide: ann" in started.error["message"]) == ("FAILED", True)
    assert list(started.tasks.filter(kind="APPROVAL").order_by("seq").values_list("status", flat=True)) == ["COMPLETED", "FAILED"]
    Group.objects.get(name="bosses").user_set.add(people.bob)
    started.retry()
    pgworkflows.run_workflows()
    again = Approval.objects.latest("id")
    assert (again.round, again.status) == (2, "PENDING")
    for who in (people.ann, people.bob):
        again.approve(who)
    pgworkflows.run_workflows()
    assert started.wait(0) == "APPROVED"


def test_round_that_is_too_small_is_caught_alike_at_each_replay(pgworkflows, people):
    from pgworkflows import sleep

    def body() -> list:
        first = caught()
        sleep(60)
        return [first, len(first)]

    started = begin(pgworkflows, people, body)
    Group.objects.get(name="bosses").user_set.add(people.bob)
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    assert "only 1 could decide: ann" in started.wait(0)[0]


def test_later_stage_that_is_too_small_asks_the_fallback_group(policy, ask, latest, people):
    policy(("bosses", {}), ("finance", {}))
    started = ask(policy="purchases")
    Group.objects.get(name="finance").user_set.clear()
    latest(started).approve(people.ann)
    second = latest(started)
    assert (second.status, second.could_decide) == ("PENDING", ["fay"])


def test_later_stage_without_anybody_fails_until_there_is(policy, ask, latest, people, pgworkflows):
    policy(("bosses", {}), ("finance", {}))
    started = ask(policy="purchases")
    for group in ("finance", "fallback"):
        Group.objects.get(name=group).user_set.clear()
    latest(started).approve(people.ann)
    latest(started)
    started.refresh_from_db()
    assert (started.status, "only 0 could decide: nobody" in started.error["message"]) == ("FAILED", True)
    Group.objects.get(name="fallback").user_set.add(people.fay)
    started.retry()
    second = latest(started)
    second.approve(people.fay)
    latest(started)
    assert started.wait(0).status == "APPROVED"
