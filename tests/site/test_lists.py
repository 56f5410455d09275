"""What stands in whose list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pgworkflows import ApprovalExpired
from pgworkflows.models import Approval
from pgworkflows.site.lists import waiting_for
from pgworkflows.store.approvals.decisions import who_may_decide
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now
from tests.site.conftest import allow, decide


def listed(client, address="/approvals/", **filters) -> list[str]:
    """Return the titles in a list, in order."""
    return [row["approval"].title for row in client.get(address, filters).context["rows"]]


def test_soonest_due_comes_first(ask, as_user):
    for title, limit in {"whenever": None, "later": 7200, "soon": 3600}.items():
        ask(title, timeout=limit)
    assert listed(as_user("ann")) == ["soon", "later", "whenever"]
    assert "due soon" in as_user("ann").get("/approvals/").content.decode()


def test_overdue_is_marked_and_filtered(ask, as_user, pgworkflows):
    ask("late", timeout=3600, on_timeout="escalate", escalate_to=["cora"]), ask("in time")
    pgworkflows.move_clock(timedelta(hours=2))
    page = as_user("ann").get("/approvals/")
    assert (page.context["waiting"].number, page.context["waiting"].overdue) == (2, 1)
    assert "1 overdue" in page.content.decode()
    assert listed(as_user("ann"), overdue="on") == ["late"]


def test_what_deciding_would_refuse_is_not_offered(ask, as_user, people, pgworkflows):
    late, ann = ask("late", timeout=3600), as_user("ann")
    delegate(people.ann, people.gus, ends_at=database_now() + timedelta(days=1))
    pgworkflows.move_clock(timedelta(hours=2))  # and no worker comes by
    assert (listed(ann), listed(as_user("gus")), who_may_decide(late)) == ([], [], [])
    assert waiting_for(people.ann).number == 0
    page = ann.get(f"/approvals/{late.pk}/")
    assert page.context["forms"].decision is None
    assert "It has expired." in page.content.decode()
    with pytest.raises(ApprovalExpired):
        late.approve(people.ann)
    assert "late" in listed(ann, "/approvals/all/")


def test_lists_tell_by_which_way_it_came(ask, as_user, people):
    ask("group")
    ask("mine", groups=[], users=["ann"])
    delegate(people.cora, people.ann, ends_at=database_now() + timedelta(days=1))
    ask("stood in", groups=[], users=["cora"])
    ann = as_user("ann")
    assert sorted(listed(ann)) == ["group", "mine", "stood in"]
    chosen = [listed(ann, whose=whose) for whose in ("user", "group", "delegate")]
    assert chosen == [["mine"], ["group"], ["stood in"]]


def test_delegate_sees_only_delegated_kinds(ask, as_user, people):
    delegate(people.cora, people.gus, ends_at=database_now() + timedelta(days=1), kinds=["tests.0"])
    for _ in range(2):
        ask(groups=[], users=["cora"])
    assert len(listed(as_user("gus"))) == 1


def test_what_is_decided_moves_to_another_list(ask, as_user):
    approval, ann = ask(quorum=2), as_user("ann")
    decide(ann, approval, "approve")
    assert (listed(ann), listed(ann, "/approvals/decided/")) == ([], ["Buy chairs"])
    assert listed(as_user("bob")) == ["Buy chairs"]


def test_own_request_is_not_to_be_decided_by_oneself(ask, as_user, people):
    people.ann.groups.get().user_set.add(people.eve)
    ask()
    eve = as_user("eve")
    assert (listed(eve), listed(eve, "/approvals/requests/")) == ([], ["Buy chairs"])


def test_request_is_listed_once_as_it_stands(ask, as_user, pgworkflows):
    approval, eve = ask(), as_user("eve")
    decide(as_user("ann"), approval, "request-changes", comment="fewer")
    pgworkflows.run_workflows()
    assert [row["approval"].pk for row in eve.get("/approvals/requests/").context["sent_back"]] == [approval.pk]
    decide(eve, approval, "resubmit")
    pgworkflows.run_workflows()
    page = eve.get("/approvals/requests/").context
    assert ([row["approval"].round for row in page["rows"]], page["sent_back"]) == ([2], [])


@pytest.mark.parametrize(
    "filters",
    [
        {"q": "desks"}, {"q": "DES"}, {"q": "standing desk"}, {"q": "{subject}"}, {"q": "ledger.purchase:{subject}"},
        {"kind": "tests.1"}, {"attribute": "region=EU"}, {"attribute": "amount=12.50"}, {"attribute": "amount=12.5"},
        {"attribute": "units = 3"},
    ],
)  # fmt: skip
def test_lists_are_searched_and_filtered(ask, as_user, filters):
    ask("Buy chairs", subject=False)
    found = ask("Buy standing desks", attributes={"region": "EU", "amount": Decimal("12.50"), "units": 3})
    given = {name: value.format(subject=found.subject_id) for name, value in filters.items()}
    assert listed(as_user("ann"), **given) == ["Buy standing desks"]
    assert listed(as_user("eve"), "/approvals/requests/", **given) == ["Buy standing desks"]


def test_requester_is_searched_for_by_name(ask, as_user):
    ask()
    assert [listed(as_user("ann"), q=name) for name in ("eve", "bob")] == [["Buy chairs"], []]


@pytest.mark.parametrize("filters", [{"attribute": "x"}, {"kind": "no such"}, {"q": "' & !:*"}, {"whose": "x"}])
def test_filters_of_no_sense_find_nothing(ask, as_user, filters):
    ask()
    assert listed(as_user("ann"), **filters) == []


def test_hidden_attributes_cannot_be_probed(ask, as_user, settings):
    ask(attributes={"password": "swordfish"})
    assert listed(as_user("ann"), attribute="password=swordfish") == []
    assert "swordfish" not in as_user("ann").get(f"/approvals/{_only().pk}/").content.decode()


def _only() -> Approval:
    return Approval.objects.get()


def test_only_with_the_permission_all_are_listed(ask, as_user, people):
    ask()
    assert listed(as_user("gus"), "/approvals/all/") == []
    allow(people.gus, "view_approval")
    assert listed(as_user("gus"), "/approvals/all/") == ["Buy chairs"]
    assert listed(as_user("eve"), "/approvals/all/", status="PENDING") == ["Buy chairs"]


@pytest.mark.parametrize("address", ["", "requests/", "decided/", "all/"])
def test_lists_take_as_many_queries_however_long(ask, as_user, address):
    ann, counts = as_user("ann"), []
    for _ in range(2):
        for number in range(3):
            decide(ann, ask(f"{number}", quorum=2), "comment", comment="x")
        with CaptureQueriesContext(connection) as captured:
            ann.get(f"/approvals/{address}")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16


def test_pages_lead_on_and_back(ask, as_user, monkeypatch):
    monkeypatch.setattr("pgworkflows.site.lists.PER_PAGE", 2)
    for number in range(3):
        ask(str(number))
    first = as_user("ann").get("/approvals/", {"q": "", "page": "1"}).context
    assert (len(first["rows"]), first["earlier"], first["later"]) == (2, "", "?q=&page=2")
    second = as_user("ann").get("/approvals/" + first["later"]).context
    assert (len(second["rows"]), second["later"]) == (1, "")


def test_admin_index_counts_what_waits(ask, as_user, people):
    ask(), ask()
    people.ann.is_staff = True
    people.ann.save()
    page = as_user("ann").get("/admin/").content.decode()
    assert "My approvals: 2 wait for you" in page
    assert "My approvals: nothing waits for you" in as_user("gus").get("/admin/").content.decode()
