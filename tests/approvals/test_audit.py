"""An auditor's one question: who decided what, for whom, through what, why, and on which facts."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pgworkflows.models import Approval, Delegation, History
from pgworkflows.site.decision_links import token_for

NAMES = ("ann", "bob", "cora", "dan", "fay", "gus")


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def decided(ask, people, purchase):
    """Have six people approve one request, each through another channel; gus stands in for zoe."""
    zoe = User.objects.create_user("zoe")
    Delegation.objects.create(
        delegator=zoe, delegate=people.gus, starts_at=timezone.now(), ends_at=timezone.now() + timedelta(days=1)
    )
    Group.objects.create(name="board").user_set.add(*(getattr(people, name) for name in NAMES[:-1]), zoe)
    ask(purchase, groups=["board"], quorum=6)
    approval = Approval.objects.get()
    User.objects.filter(username="ann").update(is_staff=True)
    people.ann.user_permissions.add(Permission.objects.get(codename="view_approval"))

    def given(comment):
        approval.refresh_from_db()
        return {"comment": comment, "revision": approval.revision, "verdict": "approve"}

    ann = logged_in(User.objects.get(username="ann"))
    ann.post(reverse("admin:pgworkflows_approval_approve", args=[approval.pk]), given("in the admin"))
    logged_in(people.bob).post(reverse("pgworkflows_site:approve", args=[approval.pk]), given("on the site"))
    api = f"/api/approvals/{approval.pk}/approve/"
    logged_in(people.cora).post(api, {"comment": "over the API"}, content_type="application/json")
    link = reverse("pgworkflows_site:link", args=[token_for(approval, people.dan)])
    logged_in(people.dan).post(link, given("by a link"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.decide(%s, 'fay', 'approve', 'in psql')", [approval.pk])
    approval.approve(people.gus, comment="for zoe")
    return approval


ASKED = ("actor", "channel", "note", "data__on_behalf_of", "data__snapshot_hash")


def test_one_query_finds_every_decision(decided):
    found = History.objects.filter(event=History.Event.DECIDE).order_by("id")
    assert list(found.values_list(*ASKED)) == [
        ("ann", "admin", "in the admin", "", decided.snapshot_hash),
        ("bob", "site", "on the site", "", decided.snapshot_hash),
        ("cora", "api", "over the API", "", decided.snapshot_hash),
        ("dan", "link", "by a link", "", decided.snapshot_hash),
        ("fay", "sql", "in psql", "", decided.snapshot_hash),
        ("gus", "python", "for zoe", "zoe", decided.snapshot_hash),
    ]


def test_deleted_users_stay_readable(decided):
    User.objects.all().delete()
    found = History.objects.filter(event=History.Event.DECIDE).order_by("id")
    assert list(found.values_list("actor", flat=True)) == list(NAMES)
    assert list(decided.decisions.order_by("id").values_list("username", "user")) == [(name, None) for name in NAMES]
    assert decided.could_decide == ["ann", "bob", "cora", "dan", "fay", "zoe"]


def test_forgetting_leaves_who_decided_and_on_which_hash(decided, pgworkflows, purchase):
    pgworkflows.run_workflows()
    call_command("workflows", "forget", f"ledger.purchase:{purchase.pk}")
    found = History.objects.filter(event=History.Event.DECIDE).order_by("id")
    assert list(found.values_list("actor", "note", "data__snapshot_hash")) == [
        (name, "", decided.snapshot_hash) for name in NAMES
    ]
    decided.refresh_from_db()
    assert (decided.snapshot, set(decided.decisions.values_list("comment", flat=True))) == (None, {""})
    assert History.objects.filter(event=History.Event.FORGET).count() == 1
