"""People deciding in a browser, with a real worker that goes on from there."""

from datetime import timedelta

from pgworkflows.models import Approval, ApprovalPolicy, Decision, Delegation
from pgworkflows.site import decision_links
from pgworkflows.store.connection import database_now
from tests.browser.conftest import allow
from tests.ledger.models import Purchase
from tests.workers import until, until_all


def test_staff_decide_with_a_form(visit, asked):
    asked("Buy four chairs", form=True)
    ann = visit().log_in("ann")
    page = ann.page
    page.goto("/admin/")
    page.get_by_role("link", name="My approvals: 1 waits for you").click()
    page.get_by_role("link", name="Buy four chairs").click()
    assert page.get_by_role("cell", name="Standing desk").is_visible()
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("This field is required.").wait_for()
    page.get_by_label("Cost centre").fill("4711")
    page.get_by_label("Comment").fill("We need them.")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Your approval is recorded.").wait_for()
    ann.shoot("decided-in-the-admin")
    until_all("COMPLETED")
    made = Decision.objects.get()
    assert (made.data["cost_centre"], made.comment, made.channel) == (4711, "We need them.", "admin")


def test_people_decide_by_keyboard_alone(visit, asked):
    asked("Buy four chairs")
    bob = visit().log_in("bob")
    page, keys = bob.page, bob.page.keyboard
    bob.tab_to("link", "Buy four chairs")
    keys.press("Enter")
    page.wait_for_url("**/approvals/*/")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    bob.shoot("keyboard-skip-link")
    keys.press("Enter")
    bob.tab_to("textbox", "Comment")
    keys.type("Too many chairs.")
    bob.tab_to("button", "Reject")
    bob.shoot("keyboard-focus")
    keys.press("Enter")
    page.get_by_text("Your rejection is recorded.").wait_for()
    assert Decision.objects.get().comment == "Too many chairs."


def test_several_are_rejected_at_once(visit, asked):
    asked("Buy chairs", "Buy desks", "Buy lamps")
    bob = visit().log_in("bob")
    page = bob.page
    for title in ("Buy chairs", "Buy lamps"):
        page.get_by_role("checkbox", name=f"Select {title}").check()
    page.get_by_role("button", name="Reject the selected…").click()
    page.get_by_role("heading", name="Reject these?").wait_for()
    page.get_by_role("button", name="Yes, reject").click()
    page.get_by_text("Say why.", exact=True).wait_for()
    page.get_by_label("Comment").fill("Not this year.")
    page.get_by_role("button", name="Yes, reject").click()
    page.get_by_text("2 of 2 decided.").wait_for()
    bob.shoot("bulk-results")
    page.get_by_role("link", name="See what waits for you").click()
    assert page.get_by_role("link", name="Buy desks").is_visible()
    assert Approval.objects.filter(status="REJECTED").count() == 2


def test_delegate_decides_for_who_is_away(visit, asked):
    asked("Buy four chairs")
    bob = visit().log_in("bob")
    bob.page.get_by_role("link", name="Delegations").click()
    bob.page.get_by_label("Who stands in (user name)").fill("cora")
    until_when = database_now() + timedelta(days=2)
    bob.page.get_by_label("To", exact=True).fill(f"{until_when:%Y-%m-%dT%H:%M}")
    bob.page.get_by_role("button", name="Let them decide for me").click()
    bob.page.get_by_text("cora stands in for you.").wait_for()
    cora = visit().log_in("cora")
    cora.page.get_by_role("link", name="Buy four chairs").click()
    assert "on behalf of bob" in cora.page.get_by_label("Decide").inner_text()
    cora.shoot("delegate")
    cora.page.get_by_role("button", name="Approve").click()
    cora.page.get_by_text("Your approval is recorded.").wait_for()
    assert Decision.objects.get().on_behalf_of_name == "bob"
    bob.page.get_by_role("button", name="End the delegation to cora").click()
    bob.page.get_by_text("The delegation has ended.").wait_for()
    assert not Delegation.objects.current().exists()


def test_stale_page_loses_nothing(visit, asked):
    (approval,) = asked("Buy four chairs")
    bob = visit().log_in("bob")
    page = bob.page
    page.get_by_role("link", name="Buy four chairs").click()
    approval.comment("eve", "I meant forty.")
    page.get_by_label("Comment").fill("Four are fine.")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("This has changed since the page was made").wait_for()
    bob.shoot("stale-page")
    assert page.get_by_role("alert").get_by_text("I meant forty.").is_visible()
    assert page.get_by_label("Comment").input_value() == "Four are fine."
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Your approval is recorded.").wait_for()


def test_changed_facts_are_shown_and_sent_back(visit, asked):
    asked("Buy four chairs")
    bob = visit().log_in("bob")
    page = bob.page
    page.get_by_role("link", name="Buy four chairs").click()
    Purchase.objects.update(total=9000)
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("What is to be approved has changed since it was shown").wait_for()
    bob.shoot("changed-subject")
    assert page.get_by_role("cell", name="9000.00").is_visible()
    page.get_by_label("Comment").fill("Why so dear?")
    page.get_by_role("button", name="Request changes").click()
    page.get_by_text("It is back with its requester.").wait_for()
    eve = visit().log_in("eve")
    eve.page.get_by_role("link", name="My requests").click()
    eve.page.get_by_role("region", name="Change what was asked for").get_by_role("link", name="Buy four chairs").click()
    eve.shoot("sent-back")
    eve.page.get_by_label("What has changed").fill("Prices rose.")
    eve.page.get_by_role("button", name="Submit again").click()
    eve.page.get_by_text("It is submitted again.").wait_for()
    until(lambda: Approval.objects.filter(round=2, status="PENDING").exists(), "the worker asks again")


def test_link_in_an_email_leads_to_a_decision(visit, asked, people):
    (approval,) = asked("Buy four chairs")
    link = f"/approvals/link/{decision_links.token_for(approval, people.bob, 'approve')}/"
    bob = visit()
    bob.page.goto(link)
    bob.fill_in_login("bob")
    bob.page.get_by_text("Nothing is decided before you say so here.").wait_for()
    bob.shoot("link")
    assert Decision.objects.count() == 0
    bob.page.get_by_role("button", name="Approve").click()
    bob.page.get_by_text("Your approval is recorded.").wait_for()
    assert Decision.objects.get().channel == "link"
    bob.page.goto(link)
    bob.page.get_by_text("This link is spent").wait_for()
    bob.shoot("link-spent")


def test_policy_is_edited_and_published(visit, people):
    allow(people.ann, "add_approvalpolicy", "change_approvalpolicy", "view_approvalpolicy")
    ann = visit().log_in("ann")
    page = ann.page
    page.goto("/admin/pgworkflows/approvalpolicy/add/")
    page.get_by_label("Name").first.fill("purchases")
    page.get_by_label("Fallback group").select_option("bosses")
    page.locator("[name=stages-0-position]").fill("1")
    page.locator("[name=stages-0-name]").fill("Head")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Groups").select_option("bosses")
    page.locator("[name=conditions-0-attribute]").fill("total")
    page.locator("[name=conditions-0-operator]").select_option("gt")
    page.locator("[name=conditions-0-value]").fill("1000")
    ann.shoot("policy-stage")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("total is more than 1000").wait_for()
    ann.shoot("policy-draft")
    allow(people.bob, "publish_policy")
    type(people.bob).objects.filter(pk=people.bob.pk).update(is_staff=True)
    bob = visit().log_in("bob")
    bob.page.goto("/admin/pgworkflows/approvalpolicy/")
    bob.page.get_by_role("link", name="purchases").click()
    bob.page.get_by_role("link", name="Publish…").click()
    bob.shoot("policy-publish")
    bob.page.get_by_role("button", name="Publish").click()
    bob.page.get_by_text("is published.").wait_for()
    bob.shoot("policy-published")
    assert ApprovalPolicy.objects.get().published_by_name == "bob"
