"""A session that ends before a POST: who has logged in again is told that nothing was taken, and is where it can be done."""

import pytest
from django.test import Client
from django.urls import reverse

from pgworkflows.models import Approval
from pgworkflows.site.decision_links import decision_url
from tests.site.conftest import allow

TOLD = "what you had filled in was not taken"


def interrupted(address, given, user):
    """POST without a session, log in, and follow to where the login leads."""
    browser = Client()
    answer = browser.post(address, given)
    assert answer.status_code == 302
    there = browser.get(answer.url).context["next"]
    browser.force_login(user)
    return browser.get(there, follow=True)


@pytest.mark.parametrize("verb", ["approve", "reject", "withdraw", "comment"])
def test_decision_is_told_not_to_have_been_taken(ask, people, verb):
    approval = ask()
    page = interrupted(reverse(f"pgworkflows_site:{verb}", args=[approval.pk]), {"comment": "typed long"}, people.ann)
    assert page.status_code == 200
    assert page.content.decode().count(TOLD) == 1
    assert page.request["PATH_INFO"] == reverse("pgworkflows_site:page", args=[approval.pk])
    assert Approval.objects.get().status == "PENDING"


def test_link_bulk_and_delegation_are_told_too(ask, people, settings):
    settings.PGWORKFLOWS = {"BASE_URL": "http://testserver"}
    approval = ask()
    link = decision_url(approval, people.ann).removeprefix("http://testserver")
    for address in (link, reverse("pgworkflows_site:bulk"), reverse("pgworkflows_site:delegations")):
        page = interrupted(address, {"verdict": "approve", "comment": "typed long"}, people.ann)
        assert page.status_code == 200
        assert page.content.decode().count(TOLD) == 1
    assert not approval.decisions.exists()


def test_admin_leads_back_to_the_page(ask, people):
    approval = ask()
    address = reverse("admin:pgworkflows_approval_approve", args=[approval.pk])
    people.ann.is_staff = True
    people.ann.save()
    page = interrupted(address, {"comment": "typed long"}, allow(people.ann))
    assert page.status_code == 200
    assert page.content.decode().count(TOLD) == 1
