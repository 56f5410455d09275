"""Editing, trying and publishing policies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from pgworkflows import approvers
from pgworkflows.models import Approval, ApprovalAction, ApprovalPolicy, ApprovalStage
from tests.ledger.models import Purchase
from tests.site.conftest import allow

POLICIES = "/admin/pgworkflows/approvalpolicy/"
EDIT = ("add_approvalpolicy", "change_approvalpolicy", "view_approvalpolicy", "delete_approvalpolicy")


@pytest.fixture
def draft(people):
    """Make a draft of two stages, last edited by gus."""
    bosses = Group.objects.get(name="bosses")
    made = ApprovalPolicy.objects.create(name="purchases", fallback_group=bosses, edited_by_name="gus", edited_by=people.gus)
    for position, name in enumerate(("boss", "finance"), 1):
        made.stages.create(position=position, name=name).groups.add(bosses)
    made.stages.get(name="finance").conditions.create(attribute="total", operator="gt", value="1000")
    return made


def staff(name: str, *permissions: str) -> Client:
    """Return a browser of somebody who may do this in the admin."""
    User.objects.filter(username=name).update(is_staff=True)
    client = Client()
    client.force_login(allow(User.objects.get(username=name), *permissions))
    return client


def stages_posted(policy: ApprovalPolicy, **changed: Any) -> dict[str, Any]:
    """Return what the policy's page would post."""
    rows = list(policy.stages.order_by("position"))
    posted = {"stages-TOTAL_FORMS": len(rows), "stages-INITIAL_FORMS": len(rows)}
    for number, row in enumerate(rows):
        shown = {"id": row.pk, "policy": policy.pk, "position": row.position, "name": row.name, "quorum": row.quorum}
        posted |= {f"stages-{number}-{name}": value for name, value in shown.items()}
    own = {"description": policy.description, "fallback_group": policy.fallback_group_id, "restart": policy.restart}
    return own | posted | changed


def test_policy_is_made_with_stages(people):
    client = staff("gus", *EDIT)
    given = {
        "name": "trips",
        "fallback_group": Group.objects.get(name="bosses").pk,
        "restart": "changed",
        "stages-TOTAL_FORMS": 1,
    }
    given |= {"stages-INITIAL_FORMS": 0, "stages-0-position": 1, "stages-0-name": "boss", "stages-0-quorum": 1}
    answer = client.post(f"{POLICIES}add/", given | {"status": "PUBLISHED", "edited_by_name": "ann", "version": 9})
    policy = ApprovalPolicy.objects.get()
    assert answer.status_code == 302
    assert (policy.version, policy.status, policy.edited_by_name, policy.edited_by) == (1, "DRAFT", "gus", people.gus)
    assert policy.stages.get().name == "boss"


def test_second_policy_of_a_name_is_refused(draft):
    answer = staff("gus", *EDIT).post(f"{POLICIES}add/", {"name": "purchases"})
    assert "There is a policy of this name. Make a new draft of that one." in answer.content.decode()


def test_each_save_names_its_editor(draft, people):
    client, stage = staff("root"), draft.stages.get(name="finance")
    client.post(f"{POLICIES}{draft.pk}/change/", stages_posted(draft, **{"stages-0-name": "head"}))
    draft.refresh_from_db()
    assert (draft.edited_by_name, draft.stages.first().name) == ("root", "head")
    condition = {"conditions-TOTAL_FORMS": 1, "conditions-INITIAL_FORMS": 0, "conditions-0-attribute": "region"}
    condition |= {"conditions-0-operator": "eq", "conditions-0-value": "EU", "conditions-0-stage": stage.pk}
    posted = {"position": 2, "name": "finance", "quorum": 1, "on_timeout": "expire", "time_limit": "2 00:00:00"} | condition
    posted["groups"] = Group.objects.get(name="bosses").pk
    answer = staff("gus", *EDIT).post(f"/admin/pgworkflows/approvalstage/{stage.pk}/change/", posted)
    assert answer.url == f"{POLICIES}{draft.pk}/change/"
    draft.refresh_from_db()
    stage.refresh_from_db()
    assert (draft.edited_by_name, stage.time_limit, stage.conditions.count()) == ("gus", timedelta(days=2), 2)


def publish(client: Client, draft: ApprovalPolicy, **changed: Any) -> Any:
    """Publish what the page shows."""
    page = client.get(f"{POLICIES}{draft.pk}/publish/")
    return client.post(f"{POLICIES}{draft.pk}/publish/", {"seen": page.context["seen"]} | changed)


def test_another_person_publishes(draft):
    client = staff("ann", "publish_policy")
    assert publish(client, draft).status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.published_by_name) == ("PUBLISHED", "ann")


def test_last_editor_cannot_publish(draft):
    answer = publish(staff("gus", *EDIT, "publish_policy"), draft)
    assert answer.status_code == 403
    assert "who edited it last: another person must." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "DRAFT"


def test_publishing_lists_what_is_wrong(draft):
    draft.stages.get(name="finance").groups.clear()
    client = staff("ann", "publish_policy")
    assert "Stage finance asks nobody" in client.get(f"{POLICIES}{draft.pk}/publish/").content.decode()
    assert publish(client, draft).status_code == 422


def test_only_what_was_read_is_published(draft):
    client = staff("ann", "publish_policy")
    seen = client.get(f"{POLICIES}{draft.pk}/publish/").context["seen"]
    draft.stages.get(name="finance").conditions.update(value="1000000")
    answer = client.post(f"{POLICIES}{draft.pk}/publish/", {"seen": seen})
    assert answer.status_code == 422
    assert "It was edited since this page was made." in answer.content.decode()


@pytest.fixture
def published(draft):
    """Publish the draft."""
    assert publish(staff("ann", "publish_policy"), draft).status_code == 302
    draft.refresh_from_db()
    return draft


def test_published_policy_is_read_only(published):
    client, stage = staff("root"), published.stages.first()
    page = client.get(f"{POLICIES}{published.pk}/change/").content.decode()
    assert 'name="_save"' not in page
    assert client.post(f"{POLICIES}{published.pk}/change/", stages_posted(published)).status_code == 403
    assert client.post(f"{POLICIES}{published.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/pgworkflows/approvalstage/{stage.pk}/change/", {"name": "x"}).status_code == 403
    assert client.post(f"/admin/pgworkflows/approvalstage/{stage.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApprovalStage.objects.count() == 2


def test_new_draft_copies_a_version(published):
    client = staff("gus", *EDIT)
    answer = client.post(f"{POLICIES}{published.pk}/new-draft/")
    draft = ApprovalPolicy.objects.get(status="DRAFT")
    assert answer.url == f"{POLICIES}{draft.pk}/change/"
    assert (draft.version, draft.edited_by_name, draft.stages.count()) == (2, "gus", 2)
    again = client.post(f"{POLICIES}{published.pk}/new-draft/", follow=True)
    assert "Policy purchases has a draft already. Edit that one." in again.content.decode()


def test_draft_is_deleted_with_its_stages(draft):
    answer = staff("gus", *EDIT).post(f"{POLICIES}{draft.pk}/delete/", {"post": "yes"})
    assert (answer.status_code, ApprovalPolicy.objects.count(), ApprovalStage.objects.count()) == (302, 0, 0)


@pytest.mark.parametrize(("total", "told"), [(5000, "opens"), (50, "it does not hold that total is more than 1000")])
def test_policy_is_tried_on_a_subject(draft, people, total, told):
    @approvers("nobody at all")
    def nobody(subject: Any, requester: Any) -> list[Any]:
        Purchase.objects.all().delete()
        return []

    draft.stages.create(position=3, name="resolved", resolver="nobody at all")
    about = Purchase.objects.create(total=Decimal(total))
    answer = try_out(draft, {"model": "ledger.purchase", "key": about.pk, "requester": "ann"})
    stood = answer.context["rehearsed"]
    assert [one.names for one in stood] == [["bob"], ["bob"] if total == 5000 else [], ["bob"]]
    assert told in answer.content.decode()
    assert (stood[2].falls_back, stood[2].reason) == (True, "nobody was found")
    assert [model.objects.count() for model in (Purchase, Approval, ApprovalAction)] == [1, 0, 0]


def try_out(policy: ApprovalPolicy, given: dict[str, Any]) -> Any:
    """Try a policy as somebody who may see everything."""
    return staff("root").post(f"{POLICIES}{policy.pk}/try/", given)


def test_missing_attribute_leads_to_the_fallback(draft):
    stood = try_out(draft, {"attributes": '{"amount": 1}'}).context["rehearsed"]
    assert stood[1].reason == "the request has no attribute 'total'"
    assert stood[1].falls_back
    assert stood[1].names == ["ann", "bob"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"attributes": "[1]"}, "Attributes have names"),
        ({"attributes": "{"}, "This is no JSON"),
        ({"model": "ledger.purchase", "key": "x"}, "There is no such row."),
        ({"requester": "zoe"}, "There is no active user of this name."),
    ],
)
def test_trying_nonsense_is_told(draft, given, told):
    answer = try_out(draft, given)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_trying_tells_nothing_of_hidden_models(draft):
    about = Purchase.objects.create(total=Decimal(7))
    answer = staff("cora", "view_approvalpolicy").post(
        f"{POLICIES}{draft.pk}/try/", {"model": "ledger.purchase", "key": about.pk}
    )
    assert answer.status_code == 422
    assert "rehearsed" not in answer.context


@pytest.mark.parametrize("page", ["publish", "new-draft", "try", "change", "delete"])
def test_staff_without_rights_do_nothing(draft, page):
    client = staff("gus")
    assert client.post(f"{POLICIES}{draft.pk}/{page}/", {"post": "yes"}).status_code == 403
    draft.refresh_from_db()
    assert (draft.status, ApprovalPolicy.objects.count()) == ("DRAFT", 1)
