"""Out of office, on the site and in the admin."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pgworkflows.models import Delegation, History
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now
from tests.site.conftest import allow

SITES = {"site": "/approvals/delegations/", "admin": "/admin/pgworkflows/delegation/"}


def posted(**changed):
    until = timezone.localtime() + timedelta(days=3)
    return {"user": "cora", "ends_at": until.strftime("%Y-%m-%dT%H:%M"), "reason": "holiday"} | changed


@pytest.mark.parametrize("channel", SITES)
def test_people_give_and_end_their_own(ask, as_user, people, channel):
    people.ann.is_staff = True
    people.ann.save()
    ask()
    ann, address = as_user("ann"), SITES[channel]
    assert ann.post(address, posted(kinds=["tests.0"])).status_code == 302
    given = Delegation.objects.get()
    assert (given.delegator, given.delegate, given.kinds) == (people.ann, people.cora, ["tests.0"])
    page = ann.get(address)
    assert [row["standing"] for row in page.context["given"]] == ["in force"]
    assert ann.post(page.context["given"][0]["end_url"]).status_code == 302
    given.refresh_from_db()
    assert given.ends_at <= database_now()
    told = History.objects.filter(event__in=["delegate", "end_delegation"]).order_by("id")
    assert list(told.values_list("event", "actor", "channel")) == [
        ("delegate", "ann", channel),
        ("end_delegation", "ann", channel),
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"user": "ann"}, "Nobody can stand in for themselves."),
        ({"user": "zoe"}, "There is no active user of this name."),
        ({"ends_at": "2001-01-01T00:00"}, "never holds"),
        ({"ends_at": "soon"}, "Enter a valid date/time."),
        ({"kinds": ["no such"]}, "is not one of the available choices"),
    ],
)
def test_nonsense_is_told_and_kept(ask, as_user, changed, told):
    ask()
    answer = as_user("ann").post(SITES["site"], posted(**changed))
    assert (answer.status_code, told in answer.content.decode(), "holiday" in answer.content.decode()) == (422, True, True)
    assert Delegation.objects.count() == 0


def test_only_the_giver_ends_it(people, as_user):
    given = delegate(people.ann, people.cora, ends_at=database_now() + timedelta(days=1))
    address = f"{SITES['site']}{given.pk}/end/"
    assert as_user("cora").post(address).status_code == 403
    assert as_user("gus").post(address).status_code == 404
    assert as_user("root").post(address).status_code == 404
    assert as_user("ann").get(address).status_code == 302
    given.refresh_from_db()
    assert given.ends_at > database_now()


def test_others_are_seen_with_the_permission(people, as_user):
    delegate(people.ann, people.cora, ends_at=database_now() + timedelta(days=1))
    assert len(as_user("cora").get(SITES["site"]).context["got"]) == 1
    assert as_user("gus").get(SITES["admin"]).context["others"] == []
    allow(people.gus, "view_delegation")
    assert len(as_user("gus").get(SITES["admin"]).context["others"]) == 1
