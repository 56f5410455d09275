"""What must not be possible."""

from __future__ import annotations

import pytest
from django.test import Client

from pgworkflows.models import Approval, ApprovalAction, Decision, Delegation, History
from tests.ledger.models import Purchase
from tests.site.conftest import allow, decide

VERBS = ("approve", "reject", "request-changes", "resubmit", "withdraw", "reassign", "comment")
SITES = ("/approvals/", "/admin/pgworkflows/approval/")
EVERYTHING = {"comment": "x", "revision": 0, "user": "gus", "verdict": "approve", "confirmed": "yes"}
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def deeds() -> list[int]:
    return [model.objects.count() for model in (Decision, ApprovalAction, Delegation, History)]


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("verb", VERBS)
def test_staff_without_rights_get_nowhere(ask, as_user, site, verb):
    approval, before = ask(), deeds()
    assert decide(as_user("gus"), approval, verb, site=site, **EVERYTHING).status_code == 404
    assert deeds() == before


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("verb", VERBS[:5])
def test_seeing_all_is_no_right_to_act(ask, as_user, people, site, verb):
    approval = ask()
    allow(people.gus, "view_approval", "add_approval", "change_approval", "delete_approval")
    before = deeds()
    assert decide(as_user("gus"), approval, verb, site=site, **EVERYTHING).status_code == 403
    assert deeds() == before


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("verb", VERBS[:3])
def test_superuser_who_is_not_named_cannot_decide(ask, as_user, site, verb):
    approval = ask()
    assert decide(as_user("root"), approval, verb, site=site, **EVERYTHING).status_code == 403
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("verb", VERBS)
def test_one_approval_is_no_way_to_another(ask, as_user, verb):
    mine, other = ask("mine", groups=[], users=["ann"]), ask("other", groups=[], users=["cora"])
    before = deeds()
    given = EVERYTHING | {"approval": other.pk, "pk": other.pk, "id": other.pk, "workflow": str(other.workflow_id)}
    assert decide(as_user("ann"), other, verb, **given).status_code == 404
    assert deeds() == before
    if verb in VERBS[:3]:
        assert decide(as_user("ann"), mine, verb, **given).status_code == 302
        assert not other.decisions.exists()


def test_ids_of_workflows_are_no_ids_of_approvals(ask, as_user):
    approval = ask()
    for key in (approval.workflow_id, approval.request, 0, "9" * 30, "-1"):
        assert as_user("ann").post(f"/approvals/{key}/approve/", EVERYTHING).status_code == 404
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("site", SITES)
def test_nothing_works_without_login(ask, people, site):
    approval, client, before = ask(), Client(), deeds()
    selected = {"selected": [f"{approval.pk}:0"]}
    for page in ("bulk/", "requests/", "all/", "delegations/1/end/", *(f"{approval.pk}/{verb}/" for verb in VERBS)):
        assert "/login/" in client.post(f"{site}{page}", EVERYTHING | selected).url
    assert deeds() == before


def test_people_who_are_not_staff_do_not_enter_the_admin(ask, as_user):
    approval = ask()
    assert "/login/" in decide(as_user("ann"), approval, "approve", site=SITES[1]).url
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("page", ["bulk/", "{}/approve/", "{}/comment/", "{}/withdraw/", "delegations/", "delegations/1/end/"])
def test_posts_need_the_csrf_token(ask, as_user, page):
    approval, before = ask(), deeds()
    ann = as_user("ann", enforce_csrf_checks=True)
    assert ann.post("/approvals/" + page.format(approval.pk), EVERYTHING).status_code == 403
    assert deeds() == before


@pytest.mark.parametrize("site", SITES)
def test_getting_changes_nothing(ask, as_user, people, site):
    approval = ask()
    people.ann.is_staff = True
    people.ann.save()
    before, ann = deeds(), as_user("ann")
    for page in ("bulk/", "delegations/1/end/", *(f"{approval.pk}/{verb}/" for verb in VERBS)):
        assert ann.get(f"{site}{page}", EVERYTHING).status_code == 302
    for page in ("", "requests/", "decided/", "all/"):
        assert ann.get(f"{site}{page}", EVERYTHING).status_code == 200
    assert deeds() == before


def test_nobody_writes_what_the_verbs_write(ask, as_user):
    approval = ask(quorum=2)
    forged = {"status": "APPROVED", "quorum": 1, "username": "bob", "channel": "sql", "at": "2001-01-01", "by": "bob"}
    decide(as_user("ann"), approval, "approve", **forged)
    approval.refresh_from_db()
    made = approval.decisions.get()
    assert (approval.status, approval.quorum, made.username, made.channel) == ("PENDING", 2, "ann", "site")


def test_admin_edits_no_approval(ask, as_user):
    approval, root = ask(), as_user("root")
    given = {"status": "APPROVED", "title": "x", "post": "yes"}
    assert root.post(f"/admin/pgworkflows/approval/{approval.pk}/change/", given).status_code == 405
    assert root.post(f"/admin/pgworkflows/approval/{approval.pk}/delete/", given).status_code == 403
    assert root.post("/admin/pgworkflows/approval/add/", given).status_code == 403
    assert root.post("/admin/pgworkflows/delegation/add/", given).status_code == 403
    assert (Approval.objects.get().status, Approval.objects.get().title) == ("PENDING", "Buy chairs")


def test_nothing_typed_becomes_markup(ask, as_user, people, pgworkflows):
    approval = ask(SCRIPT, description=SCRIPT, attributes={SCRIPT: [SCRIPT, {SCRIPT: SCRIPT}]}, quorum=2)
    type(people.ann).objects.filter(pk=people.eve.pk).update(username=SCRIPT[:150])
    Purchase.objects.update(details={SCRIPT: [{SCRIPT: SCRIPT}, {SCRIPT: [SCRIPT]}]})
    ann = as_user("ann")
    decide(ann, approval, "comment", comment=SCRIPT)
    pages = [ann.get(address) for address in ("/approvals/", f"/approvals/{approval.pk}/", "/approvals/all/?q=" + SCRIPT)]
    pages.append(decide(ann, approval, "approve", comment=SCRIPT, on_behalf_of=SCRIPT))
    pages.append(ann.post("/approvals/bulk/", {"verdict": "approve", "selected": [f"{approval.pk}:0", f"{SCRIPT}:1"]}))
    pages.append(ann.get(f"/approvals/link/{SCRIPT}"[:40] + "/"))
    pages.append(ann.post("/approvals/delegations/", {"user": SCRIPT, "reason": SCRIPT}))
    for page in pages:
        assert "<script>alert" not in page.content.decode()
        assert "<img src=x" not in page.content.decode()


def test_addresses_of_subjects_cannot_run_code(ask, as_user, monkeypatch):
    monkeypatch.setattr(Purchase, "get_absolute_url", lambda self: "javascript:alert(1)", raising=False)
    approval = ask()
    assert "javascript:" not in as_user("ann").get(f"/approvals/{approval.pk}/").content.decode()
