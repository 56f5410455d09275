"""Four eyes: one rule, in SQL, says who may not decide. Opening, listing and deciding each fail without it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import OperationalError, connection

from pgworkflows import NotAllowed, request_approval, workflow
from pgworkflows.models import Approval
from pgworkflows.site.lists import waiting_for
from pgworkflows.store.approvals.decisions import who_may_decide


@pytest.fixture
def people():
    made = {name: User.objects.create_user(name) for name in ("ann", "bob", "root")}
    Group.objects.create(name="bosses").user_set.add(made["ann"], made["bob"])
    made["root"].user_permissions.add(Permission.objects.get(codename="reassign_approval"))
    return made


@pytest.fixture
def ask(people, pgworkflows):
    def ask(by, quorum=1):
        @workflow(name="tests.ask")
        def body() -> str:
            return request_approval("Buy it", groups=["bosses"], quorum=quorum).status

        started = body.using(requested_by=by).start()
        pgworkflows.run_workflows()
        started.refresh_from_db()
        return started

    return ask


def anew(name):
    """Delete a user, and make another of that name."""
    User.objects.get(username=name).delete()
    made = User.objects.create_user(name)
    made.groups.add(Group.objects.get(name="bosses"))
    return made


REQUESTERS = ("row", "name", "made anew")


@pytest.mark.parametrize("given", REQUESTERS)
def test_opening_counts_no_requester(ask, people, pgworkflows, given):
    @workflow(name="tests.later")
    def body() -> str:
        request_approval("First", users=["bob"])
        return request_approval("Then", groups=["bosses"], quorum=2).status

    started = body.using(requested_by=people["ann"] if given != "name" else "ann").start()
    pgworkflows.run_workflows()
    if given == "made anew":
        anew("ann")
    Approval.objects.get().approve("bob")
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, "only 1 could decide: bob" in (started.error or {}).get("message", "")) == ("FAILED", True)


@pytest.mark.parametrize("given", REQUESTERS)
def test_listing_shows_no_own_request(ask, people, given):
    ask("ann" if given == "name" else people["ann"])
    ann = anew("ann") if given == "made anew" else people["ann"]
    assert (waiting_for(ann).number, waiting_for(people["bob"]).number) == (0, 1)
    assert who_may_decide(Approval.objects.get()) == ["bob"]


def test_listing_shows_nothing_decided(ask, people):
    ask(None, quorum=2)
    Approval.objects.get().approve("ann")
    assert waiting_for(people["ann"]).number == 0


@pytest.mark.parametrize("given", REQUESTERS)
def test_deciding_refuses_the_requester(ask, people, given):
    ask("ann" if given == "name" else people["ann"])
    ann = anew("ann") if given == "made anew" else people["ann"]
    approval = Approval.objects.get()
    for who in (ann, "ann"):
        with pytest.raises(NotAllowed, match="who asked cannot decide"):
            approval.approve(who)
    with pytest.raises(OperationalError, match="who asked cannot decide"), connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.decide(%s, 'ann', 'approve')", [approval.pk])


def test_deciding_refuses_who_chose_who_decides(ask, people):
    ask("ann")
    approval, root, bob = Approval.objects.get(), people["root"], people["bob"]
    with pytest.raises(NotAllowed, match="only 0 could decide"):
        approval.reassign(root, root, "quicker")
    approval.reassign(root, Group.objects.get(name="bosses"), "as before")
    root.groups.add(Group.objects.get(name="bosses"))
    with pytest.raises(NotAllowed, match="who has had somebody else asked cannot decide"):
        approval.approve(root)
    assert waiting_for(root).number == 0
    approval.approve(bob)
