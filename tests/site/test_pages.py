"""What people see and do on the page of an approval."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pgworkflows.models import Approval, Delegation, History, Workflow
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now
from pgworkflows.store.retention.guards import amending
from tests.ledger.models import Purchase
from tests.site.conftest import allow, decide


def content(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(("site", "channel"), [("/approvals/", "site"), ("/admin/pgworkflows/approval/", "admin")])
def test_named_people_find_and_approve(ask, as_user, people, site, channel):
    approval = ask()
    people.ann.is_staff = True
    people.ann.save()
    ann = as_user("ann")
    assert "1 approval waits for you" in content(ann.get(site))
    page = content(ann.get(f"{site}{approval.pk}/" + ("change/" if channel == "admin" else "")))
    assert all(text in page for text in ("Buy chairs", "eve", "chairs", "ann, bob"))
    assert decide(ann, approval, "approve", site=site, comment="fine").status_code == 302
    approval.refresh_from_db()
    decision = approval.decisions.get()
    assert (approval.status, decision.comment, decision.channel) == ("APPROVED", "fine", channel)


def test_no_needs_a_reason(ask, as_user):
    approval = ask()
    for verb in ("reject", "request-changes"):
        answer = decide(as_user("ann"), approval, verb, comment="  ")
        assert (answer.status_code, "Say why." in content(answer)) == (422, True)
    assert decide(as_user("ann"), approval, "reject", comment="no").status_code == 302
    approval.refresh_from_db()
    assert approval.status == "REJECTED"


def test_changes_are_requested_and_resubmitted(ask, as_user, pgworkflows):
    approval, eve = ask(), as_user("eve")
    decide(as_user("ann"), approval, "request-changes", comment="fewer")
    pgworkflows.run_workflows()
    page = content(eve.get("/approvals/requests/"))
    assert page.index("Sent back to be changed") < page.index("Buy chairs")
    assert "Submit it again" in content(eve.get(f"/approvals/{approval.pk}/"))
    assert decide(eve, approval, "resubmit", comment="two less").status_code == 302
    pgworkflows.run_workflows()
    assert [row.round for row in approval.same_request] == [1, 2]
    page = content(eve.get(f"/approvals/{approval.pk}/"))
    assert all(text in page for text in ("fewer", "two less", "Round 2", "The request has gone on"))


def test_requester_withdraws(ask, as_user):
    approval, eve = ask(), as_user("eve")
    assert decide(eve, approval, "withdraw").status_code == 422
    assert decide(eve, approval, "withdraw", comment="not needed").status_code == 302
    approval.refresh_from_db()
    assert approval.status == "WITHDRAWN"


@pytest.mark.parametrize("to", [{"user": "cora"}, {"group": "bosses"}])
def test_named_user_has_another_asked(ask, as_user, people, to):
    approval = ask(groups=[], users=["ann"])
    if "group" in to:
        to = {"group": people.bob.groups.get().pk}
    assert decide(as_user("ann"), approval, "reassign", comment="away", **to).status_code == 302
    assert not approval.users.filter(username="ann").exists()
    assert approval.actions.get().verb == "reassign"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"comment": "x"}, "Name a user or a group."),
        ({"comment": "x", "user": "zoe"}, "There is no active user of this name."),
        ({"user": "cora"}, "This field is required."),
    ],
)
def test_reassigning_nonsense_is_told(ask, as_user, given, told):
    answer = decide(as_user("ann"), ask(groups=[], users=["ann"]), "reassign", **given)
    assert (answer.status_code, told in content(answer)) == (422, True)


def test_everybody_concerned_may_comment(ask, as_user):
    approval = ask()
    for name in ("eve", "bob"):
        assert decide(as_user(name), approval, "comment", comment=f"says {name}").status_code == 302
    page = content(as_user("ann").get(f"/approvals/{approval.pk}/"))
    assert all(text in page for text in ("says eve", "says bob"))
    assert decide(as_user("bob"), approval, "comment", comment=" ").status_code == 422


def test_form_is_filled_in_and_kept(ask, as_user):
    approval, ann = ask(form=True), as_user("ann")
    assert "Cost centre" in content(ann.get(f"/approvals/{approval.pk}/"))
    given = {"comment": "fine", "data-cost_centre": "-4", "data-asset": "on"}
    answer = decide(ann, approval, "approve", **given)
    assert answer.status_code == 422
    assert all(text in content(answer) for text in ("Ensure this value is greater than or equal to 1.", 'value="-4"', "fine"))
    assert decide(ann, approval, "approve", **given | {"data-cost_centre": "4711"}).status_code == 302
    assert approval.decisions.get().data == {"cost_centre": 4711, "asset": True, "until": None}


def test_rejection_needs_no_form(ask, as_user):
    approval = ask(form=True)
    assert decide(as_user("ann"), approval, "reject", comment="no", **{"data-cost_centre": "x"}).status_code == 302
    assert approval.decisions.get().data is None


def test_vanished_form_is_told(ask, as_user):
    approval = ask(form=True)
    with amending("The test"):
        Approval.objects.update(form="tests.ledger.forms:Gone")
    assert as_user("ann").get(f"/approvals/{approval.pk}/").status_code == 200
    answer = decide(as_user("ann"), approval, "approve")
    assert (answer.status_code, "declares its form tests.ledger.forms:Gone" in content(answer)) == (403, True)


def test_stale_page_decides_nothing(ask, as_user):
    approval, ann = ask(), as_user("ann")
    decide(as_user("eve"), approval, "comment", comment="I meant ten chairs")
    answer = ann.post(f"/approvals/{approval.pk}/approve/", {"revision": 0, "comment": "looks good"})
    assert answer.status_code == 409
    assert "This has changed since the page was made" in content(answer)
    assert [entry["text"] for entry in answer.context["since"]] == ["I meant ten chairs"]
    form = answer.context["forms"].decision
    assert (form["comment"].value(), form["revision"].value(), approval.decisions.count()) == ("looks good", 1, 0)
    assert ann.post(f"/approvals/{approval.pk}/approve/", {"revision": 1, "comment": "looks good"}).status_code == 302


def test_changed_subject_is_not_approved(ask, as_user):
    approval, ann = ask(), as_user("ann")
    Purchase.objects.update(total=900)
    page = content(ann.get(f"/approvals/{approval.pk}/"))
    assert "Changed since it was asked" in page
    answer = decide(ann, approval, "approve", comment="yes")
    assert answer.status_code == 409
    assert [(name, before.text, now.text) for name, before, now in answer.context["changes"]] == [("total", "100.00", "900.00")]
    assert answer.context["forms"].decision["comment"].value() == "yes"
    assert decide(ann, approval, "request-changes", comment="which is it?").status_code == 302


def test_deleted_subject_is_not_approved(ask, as_user):
    approval = ask()
    Purchase.objects.all().delete()
    assert as_user("ann").get(f"/approvals/{approval.pk}/").status_code == 200
    assert decide(as_user("ann"), approval, "approve").status_code == 409


def late(approval: Approval, pgworkflows) -> None:
    pgworkflows.move_clock(timedelta(hours=2))


def called_off(approval: Approval, pgworkflows) -> None:
    Workflow.objects.get(pk=approval.workflow_id).cancel("over")
    pgworkflows.run_workflows()


def decided(approval: Approval, pgworkflows) -> None:
    approval.approve("bob")


@pytest.mark.parametrize(
    ("happens", "status", "told"),
    [(late, 409, "can no longer be decided"), (called_off, 409, "already CANCELLED"), (decided, 409, "already APPROVED")],
)
def test_too_late_is_told_and_nothing_lost(ask, as_user, pgworkflows, happens, status, told):
    approval = ask(timeout=3600)
    happens(approval, pgworkflows)
    before = approval.decisions.count()
    answer = decide(as_user("ann"), approval, "approve", comment="what I typed")
    assert (answer.status_code, told in content(answer), "what I typed" in content(answer)) == (status, True, True)
    assert approval.decisions.count() == before


@pytest.mark.parametrize("name", ["eve", "gus", "root"])
def test_only_named_people_decide(ask, as_user, people, name):
    approval = ask()
    allow(people.gus, "view_approval", "change_approval", "reassign_approval")
    answer = decide(as_user(name), approval, "approve")
    assert answer.status_code == 403
    assert approval.decisions.count() == 0
    assert "Your decision" not in content(as_user(name).get(f"/approvals/{approval.pk}/"))


def test_nobody_decides_twice(ask, as_user):
    approval = ask(quorum=2)
    assert decide(as_user("ann"), approval, "approve").status_code == 302
    answer = decide(as_user("ann"), approval, "approve", comment="once more")
    assert (answer.status_code, "has decided before" in content(answer)) == (403, True)
    assert "1 of 2" in content(as_user("bob").get("/approvals/"))


def away(who, to) -> Delegation:
    return delegate(who, to, ends_at=database_now() + timedelta(days=1))


def test_delegate_chooses_on_whose_behalf(ask, as_user, people):
    approval = ask(quorum=2)
    away(people.ann, people.cora)
    away(people.bob, people.cora)
    cora = as_user("cora")
    page = content(cora.get(f"/approvals/{approval.pk}/"))
    assert all(text in page for text in ("on behalf of ann", "on behalf of bob"))
    assert decide(cora, approval, "approve").status_code == 403
    assert decide(cora, approval, "approve", on_behalf_of="eve").status_code == 403
    assert decide(cora, approval, "approve", on_behalf_of="bob").status_code == 302
    assert approval.decisions.get().on_behalf_of_name == "bob"


def test_strangers_find_no_page(ask, as_user):
    approval = ask()
    for address in ("/approvals/{}/", "/admin/pgworkflows/approval/{}/change/"):
        assert as_user("gus").get(address.format(approval.pk)).status_code == 404
        assert as_user("root").get(address.format(10**17)).status_code == 404


def test_page_takes_as_many_queries_whatever_happened(ask, as_user):
    approval, ann = ask(quorum=2), as_user("ann")
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            ann.get(f"/approvals/{approval.pk}/")
        counts.append(len(captured))
        for number in range(5):
            approval.comment("bob", f"remark {number}")
    assert counts[1] == counts[2] <= 35


def test_deleted_people_stay_readable(ask, as_user, people):
    approval = ask(quorum=2)
    decide(as_user("ann"), approval, "approve", comment="fine by me")
    people.bob.groups.get().delete()
    people.ann.delete()
    people.bob.delete()
    page = content(as_user("eve").get(f"/approvals/{approval.pk}/"))
    assert all(text in page for text in ("fine by me", "<strong>ann</strong>", "nobody", "1 of 2"))


def test_pages_are_not_kept_on_the_way(ask, as_user):
    answer = as_user("ann").get(f"/approvals/{ask().pk}/")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("known", [True, False])
def test_every_face_says_where_nobody_is_known_to_have_asked(ask, as_user, people, known):
    people.eve = people.eve if known else None
    approval = ask()
    told = "nobody known, so that nobody is kept from deciding as who asked"
    printed = StringIO()
    call_command("workflows", "show", str(approval.workflow_id), stdout=printed)
    workflow_page = reverse("admin:pgworkflows_workflow_change", args=[approval.workflow_id])
    pages = [
        content(as_user("ann").get(f"/approvals/{approval.pk}/")),
        content(as_user("root").get(workflow_page)),
        printed.getvalue(),
    ]
    assert [told in text for text in pages] == [not known] * 3
    detail = as_user("ann").get(reverse("pgworkflows-api:approval", args=[approval.pk])).json()
    assert (detail["requester_known"], detail["requested_by"]) == (known, "eve" if known else "")
    recorded = History.objects.get(approval=approval.pk, event=History.Event.REQUEST).data
    assert recorded["requested_by"] == ("eve" if known else None)
