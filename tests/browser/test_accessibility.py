"""What axe-core finds on every page, and what a strict Content-Security-Policy stops."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from pgworkflows.models import ApprovalPolicy
from pgworkflows.site import decision_links
from pgworkflows.store.approvals.delegations import delegate
from pgworkflows.store.connection import database_now


@pytest.fixture
def scene(asked, people) -> SimpleNamespace:
    """Ask, comment, send back, delegate, and make a draft, so that each page has something to show."""
    first, second, third = asked("Buy four chairs", "Buy desks", "Buy lamps")
    (formal,) = asked("Buy a van", form=True)
    formal.comment("eve", "The old one is broken.")
    second.request_changes("bob", comment="Which desks?")
    third.approve("bob", comment="Fine.")
    delegate(people.ann, people.cora, ends_at=database_now() + timedelta(days=1), reason="holiday")
    User.objects.filter(pk=people.ann.pk).update(is_superuser=True)
    bosses = Group.objects.get(name="bosses")
    draft = ApprovalPolicy.objects.create(name="purchases", fallback_group=bosses, edited_by_name="bob")
    draft.stages.create(position=1, name="Head").groups.add(bosses)
    draft.stages.get().conditions.create(attribute="total", operator="gt", value="1000")
    return SimpleNamespace(first=first, sent_back=second, decided=third, formal=formal, draft=draft, people=people)


def pages(scene: SimpleNamespace, site: str, page: str) -> dict[str, str]:
    """Return the addresses of all pages of a place, by name."""
    one = {name: f"{site}{getattr(scene, name).pk}/{page}" for name in ("first", "sent_back", "decided", "formal")}
    lists = {name: f"{site}{name}/" for name in ("requests", "decided", "all")}
    return {"todo": site, "none": f"{site}?q=nothing", **{f"list-{name}": url for name, url in lists.items()}, **one}


def every_page(scene: SimpleNamespace) -> dict[str, str]:
    """Return the addresses that ann can open."""
    policy = f"/admin/pgworkflows/approvalpolicy/{scene.draft.pk}/"
    token = decision_links.token_for(scene.formal, scene.people.ann)
    found = {f"site-{name}": url for name, url in pages(scene, "/approvals/", "").items()}
    found |= {f"admin-{name}": url for name, url in pages(scene, "/admin/pgworkflows/approval/", "change/").items()}
    found |= {"site-delegations": "/approvals/delegations/", "admin-delegations": "/admin/pgworkflows/delegation/"}
    found |= {"link": f"/approvals/link/{token}/", "link-dead": "/approvals/link/x/", "admin-index": "/admin/"}
    found |= {f"policy-{page}": f"{policy}{page}/" for page in ("change", "publish", "try")}
    stage = f"/admin/pgworkflows/approvalstage/{scene.draft.stages.get().pk}/change/"
    return found | {"policies": "/admin/pgworkflows/approvalpolicy/", "policy-stage": stage, "login": "/accounts/login/"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shuts_anybody_out(visit, scene, scheme):
    ann, found = visit(color_scheme=scheme).log_in("ann"), list[str]()
    for name, address in every_page(scene).items():
        ann.page.goto(address)
        ann.shoot(f"{scheme}-{name}")
        found += [f"{name}: {finding}" for finding in ann.serious_findings()]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_answer_shuts_anybody_out(visit, scene, scheme):
    ann, found = visit(color_scheme=scheme).log_in("ann"), list[str]()
    for name, press in ANSWERS.items():
        press(ann.page, scene)
        ann.shoot(f"{scheme}-{name}")
        found += [f"{name}: {finding}" for finding in ann.serious_findings()]
    assert not found, "\n".join(found)


def bulk(page: Any, scene: SimpleNamespace) -> None:
    page.goto("/approvals/")
    page.get_by_role("checkbox", name="Select Buy four chairs").check()
    page.get_by_role("button", name="Reject the selected…").click()


def bulk_without_reason(page: Any, scene: SimpleNamespace) -> None:
    page.get_by_role("button", name="Yes, reject").click()


def bulk_of_nothing(page: Any, scene: SimpleNamespace) -> None:
    page.goto("/approvals/")
    page.get_by_role("button", name="Approve the selected…").click()


def form_not_filled_in(page: Any, scene: SimpleNamespace) -> None:
    page.goto(f"/approvals/{scene.formal.pk}/")
    page.get_by_role("button", name="Approve").click()


def reassigned_to_nobody(page: Any, scene: SimpleNamespace) -> None:
    page.goto(f"/admin/pgworkflows/approval/{scene.formal.pk}/change/")
    page.get_by_text("Have somebody else asked").click()
    page.get_by_role("button", name="Reassign").click()


def delegated_to_nobody(page: Any, scene: SimpleNamespace) -> None:
    page.goto("/admin/pgworkflows/delegation/")
    page.get_by_role("button", name="Let them decide for me").click()


def policy_tried(page: Any, scene: SimpleNamespace) -> None:
    page.goto(f"/admin/pgworkflows/approvalpolicy/{scene.draft.pk}/try/")
    page.get_by_label("Attributes").fill('{"total": 5000}')
    page.get_by_role("button", name="Try").click()


ANSWERS = {
    "bulk": bulk,
    "bulk-without-reason": bulk_without_reason,
    "bulk-of-nothing": bulk_of_nothing,
    "form-not-filled-in": form_not_filled_in,
    "reassigned-to-nobody": reassigned_to_nobody,
    "delegated-to-nobody": delegated_to_nobody,
    "policy-tried": policy_tried,
}


def test_pages_fit_a_telephone(visit, scene):
    ann = visit(viewport={"width": 390, "height": 844}).log_in("ann")
    for name in ("", f"{scene.formal.pk}/", "delegations/"):
        ann.page.goto(f"/approvals/{name}")
        ann.shoot(f"telephone-{name.strip('/') or 'todo'}")
        assert ann.page.evaluate("document.documentElement.scrollWidth") <= 390
