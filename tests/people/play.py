"""Decisions by people who are asked by name: from Python and from SQL. Run in a process of its own."""

import django

django.setup()

from django.db import connection  # noqa: E402
from django.db.utils import OperationalError  # noqa: E402

from pgworkflows import NotAllowed, request_approval, workflow  # noqa: E402
from pgworkflows.models import Approval, History, Workflow  # noqa: E402
from pgworkflows.testing import run_workflows  # noqa: E402
from tests.people.models import Person  # noqa: E402


@workflow
def asks() -> bool:
    """Ask two people for one answer."""
    return request_approval("Release", users=["ann@example.com", "bob@example.com"], quorum=2).approved


def refused(kind: type[Exception], action: object) -> str:
    """Return what an action is refused with."""
    try:
        action()
    except kind as error:
        return str(error).splitlines()[0]
    raise AssertionError("it was not refused")


def decide(name: str) -> None:
    """Decide in SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.decide(%s, %s, 'approve')", [Approval.objects.get().pk, name])


ann, bob, carl = (Person.objects.create(address=f"{name}@example.com") for name in ("ann", "bob", "carl"))
started = asks.using(requested_by=carl).start()
run_workflows()
approval = Approval.objects.get()
assert list(Approval.objects.for_user(ann)) == [approval]
assert list(Approval.objects.for_user(carl)) == []
assert "only the users and groups that it names can decide" in refused(NotAllowed, lambda: approval.approve(carl))
assert "only the users and groups that it names can decide" in refused(OperationalError, lambda: decide("carl@example.com"))
approval.approve(ann)
decide("bob@example.com")
run_workflows()
assert started.wait(1) is True
assert Workflow.objects.get().requested_by == carl
assert list(History.objects.filter(event="decide").order_by("id").values_list("actor", flat=True)) == [
    "ann@example.com",
    "bob@example.com",
]
Person.objects.all().delete()
assert [approval.decisions.count(), Workflow.objects.count()] == [2, 1]
assert list(approval.decisions.values_list("user", flat=True)) == [None, None]
