"""Pages of a site on Wagtail: a draft with a StreamField is approved, and published by a worker."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

if settings.ROOT_URLCONF != "tests.wagtail.urls":
    pytest.skip("needs wagtail: pytest --ds=tests.wagtail.settings -W default tests/wagtail", allow_module_level=True)

from wagtail.models import Page, Site

from pgworkflows.models import Approval
from pgworkflows.testing import run_workflows
from tests.wagtail.models import Article
from tests.wagtail.workflows import confirm_page, publish_draft

pytestmark = pytest.mark.django_db

BODY = [("heading", "Old"), ("text", "<p>kept</p>"), ("quote", {"said": "Yes", "by": "Ada"})]


@pytest.fixture
def people(db):
    """Eve writes, and ann moderates."""
    eve, ann = (User.objects.create_superuser(name, f"{name}@example.com", "secret") for name in ("eve", "ann"))
    for user in (eve, ann):
        user.groups.add(Group.objects.get(name="Moderators"))
    return eve, ann


@pytest.fixture
def article(people):
    """Return a page that is live."""
    return Site.objects.get().root_page.add_child(instance=Article(title="News", slug="news", body=BODY))


def edit(page, user, body):
    """Save a draft; return its revision."""
    page = Page.objects.get(pk=page.pk).specific
    page.body = body
    return page.save_revision(user=user)


def decide(user, verdict="approve"):
    """Decide on the newest approval in Django's admin; return the answer."""
    approval = Approval.objects.latest("id")
    browser = Client()
    browser.force_login(user)
    shown = browser.get(reverse("admin:pgworkflows_approval_change", args=[approval.pk]))
    assert shown.status_code == 200
    posted = {"revision": approval.revision, "verdict": verdict, "comment": "read"}
    return browser.post(reverse(f"admin:pgworkflows_approval_{verdict}", args=[approval.pk]), posted)


def text_of(page):
    """Return what a visitor reads."""
    return Client().get(page.url).content.decode()


def test_draft_is_live_once_another_has_approved_it(people, article):
    eve, ann = people
    revision = edit(article, eve, [("heading", "New"), *BODY[1:]])
    run = publish_draft.using(subject=revision, requested_by=eve).start(revision_id=revision.pk)
    run_workflows()
    assert "Old" in text_of(article)
    assert decide(eve).status_code == 403
    assert decide(ann).status_code == 302
    run_workflows()
    run.refresh_from_db()
    assert (run.status, run.error) == ("COMPLETED", None)
    assert "New" in text_of(article)
    assert "Ada" in text_of(article)


def test_draft_that_is_turned_down_changes_nothing(people, article):
    eve, ann = people
    revision = edit(article, eve, [("heading", "New")])
    run = publish_draft.using(subject=revision, requested_by=eve).start(revision_id=revision.pk)
    run_workflows()
    assert decide(ann, "reject").status_code == 302
    run_workflows()
    assert run.wait(1) == "turned down"
    assert "Old" in text_of(article)


def test_page_that_gets_a_child_is_still_what_was_approved(people, article):
    eve, ann = people
    run = confirm_page.using(subject=article, requested_by=eve).start(page_id=article.pk)
    run_workflows()
    article.add_child(instance=Article(title="More", slug="more"))
    assert decide(ann).status_code == 302
    run_workflows()
    assert run.wait(1) is True


def test_page_whose_text_changes_is_not_what_was_approved(people, article):
    eve, ann = people
    run = confirm_page.using(subject=article, requested_by=eve).start(page_id=article.pk)
    run_workflows()
    article.body = [("heading", "Other")]
    article.save()
    assert decide(ann).status_code == 409
    run.refresh_from_db()
    assert run.status == "WAITING"
