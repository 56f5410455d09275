"""Approvals in branches."""

from datetime import timedelta
from functools import partial

from django.contrib.auth import get_user_model

from pgworkflows import first, gather, request_approval, sleep, step, workflow
from pgworkflows.models import Approval

DAY = timedelta(days=1)


def ask(title: str, **options: object) -> bool:
    return request_approval(title, users=["ann"], allow_self_approval=True, **options).approved  # type: ignore[arg-type]


def test_approvals_are_decided_each_in_its_branch(pgworkflows):
    ann = get_user_model().objects.create_user("ann")

    @workflow
    def body() -> list[bool]:
        return [*gather(partial(ask, "One?", remind_every=DAY, timeout=3 * DAY), partial(ask, "Two?", remind_every=DAY))]

    row = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    one, two = Approval.objects.order_by("title")
    assert (one.branch, two.branch, one.seq, two.seq) == ("1.1", "1.2", 1, 1)
    two.approve(ann)
    pgworkflows.run_workflows()
    one.reject(ann, comment="no")
    pgworkflows.run_workflows()
    assert row.wait(0) == [False, True]


def test_the_approval_of_a_loser_is_cancelled_and_asked_anew_by_retry(pgworkflows):
    ann = get_user_model().objects.create_user("ann")
    faults = [ValueError("once")]

    @step(atomic=False)
    def faulty() -> None:
        if faults:
            raise faults.pop()

    @workflow
    def body() -> bool:
        return gather(partial(ask, "Well?", remind_every=DAY), faulty)[0]

    row = body.start()
    pgworkflows.run_workflows()
    assert Approval.objects.get().status == "CANCELLED"
    row.retry()
    pgworkflows.run_workflows()
    old, new = Approval.objects.order_by("pk")
    assert (old.branch, new.branch, new.status) == ("1.1~1", "1.1", "PENDING")
    new.approve(ann)
    pgworkflows.run_workflows()
    assert row.wait(0) is True


def test_an_approval_that_comes_too_late_is_closed(pgworkflows):
    get_user_model().objects.create_user("ann")

    @workflow
    def body() -> int:
        won = first(partial(ask, "In time?"), partial(sleep, DAY))
        sleep(DAY)
        return won.index

    row = body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    assert Approval.objects.get().status == "CANCELLED"
    pgworkflows.move_clock(DAY)
    pgworkflows.run_workflows()
    assert row.wait(0) == 1
