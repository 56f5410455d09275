"""What must not happen, tried: without rights, without a token, through another's address, with markup in every text."""

import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pgworkflows import acting_as, set_state, step, wait_for_event, workflow
from pgworkflows.models import Workflow
from tests.admin.staged import GIVEN, VERBS, action, page, ran, standing

pytestmark = pytest.mark.django_db

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"&"
PERMISSIONS = {
    "cancel": "cancel_workflow", "retry": "retry_workflow", "compensate": "compensate_workflow", "send_event": "send_event"
}  # fmt: skip
READ_ONLY = ("workflow", "history", "workflowdefinition", "worker")


def stage(verb: str, waiting: Workflow, failed: Workflow) -> Workflow:
    return failed if verb in ("retry", "compensate") else waiting


@pytest.mark.parametrize("verb", VERBS)
def test_staff_without_rights_change_nothing(viewer, waiting, failed, verb):
    target = stage(verb, waiting, failed)
    before = standing(target)
    assert viewer.get(action(target, verb)).status_code == 403
    assert viewer.post(action(target, verb), GIVEN).status_code == 403
    assert standing(target) == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("held", VERBS)
def test_each_right_opens_its_own_verb(staff, waiting, failed, verb, held):
    target = stage(verb, waiting, failed)
    answer = staff("view_workflow", PERMISSIONS[held]).post(action(target, verb), GIVEN)
    assert answer.status_code == (302 if verb == held else 403)


@pytest.mark.parametrize("verb", VERBS)
def test_right_without_seeing_is_no_right(staff, waiting, failed, verb):
    target = stage(verb, waiting, failed)
    before = standing(target)
    assert staff(PERMISSIONS[verb]).post(action(target, verb), GIVEN).status_code == 403
    assert standing(target) == before


def strangers() -> list[tuple[str, Client]]:
    """Return somebody who is not logged in, a customer, and a superuser who has left."""
    User.objects.create_user("customer")
    User.objects.create_superuser("gone", is_active=False)
    browsers = {"": Client(), "customer": Client(), "gone": Client()}
    for name in ("customer", "gone"):
        browsers[name].force_login(User.objects.get(username=name))
    return list(browsers.items())


@pytest.mark.parametrize("verb", VERBS)
def test_who_is_not_staff_is_sent_to_log_in(waiting, failed, verb):
    target = stage(verb, waiting, failed)
    before = standing(target)
    for _name, browser in strangers():
        for answer in (browser.post(action(target, verb), GIVEN), browser.get(page(target))):
            assert answer.status_code == 302
            assert "/login/" in answer.url
    assert standing(target) == before


@pytest.mark.parametrize("verb", VERBS)
def test_post_without_token_is_refused(staff, waiting, failed, verb):
    target = stage(verb, waiting, failed)
    before = standing(target)
    browser = staff("view_workflow", *PERMISSIONS.values(), enforce_csrf_checks=True)
    assert browser.post(action(target, verb), GIVEN).status_code == 403
    assert standing(target) == before


@pytest.mark.parametrize("verb", VERBS)
def test_get_changes_nothing(operator, waiting, failed, verb):
    target = stage(verb, waiting, failed)
    before = standing(target)
    assert operator.get(action(target, verb), GIVEN).status_code == 200
    assert operator.get(page(target), GIVEN).status_code == 200
    assert standing(target) == before


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(operator, waiting, method):
    for address in (page(waiting), *(action(waiting, verb) for verb in VERBS)):
        assert getattr(operator, method)(address).status_code == 405


def test_another_workflow_is_left_alone(operator, waiting, failed):
    before = standing(failed)[:5]
    operator.post(action(waiting, "cancel"), {**GIVEN, "workflow": str(failed.pk), "id": str(failed.pk), "pk": str(failed.pk)})
    assert standing(failed)[:5] == before
    waiting.refresh_from_db()
    assert waiting.cancel_requested_at is not None


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_workflow_is_not_found(operator, verb):
    answer = operator.post(reverse(f"admin:pgworkflows_workflow_{verb}", args=[uuid.uuid4()]), GIVEN)
    assert (answer.status_code, answer.url) == (302, reverse("admin:index"))


@pytest.mark.parametrize("key", ["1", "x", "%00", "0199c3e4", "../../auth/user/1"])
def test_what_is_no_id_is_not_found(operator, key):
    answer = operator.get(f"/admin/pgworkflows/workflow/{key}/change/")
    assert (answer.status_code, answer.url) == (302, reverse("admin:index"))


@pytest.mark.parametrize("model", READ_ONLY)
def test_rows_cannot_be_added_changed_or_deleted(admin_client, waiting, model):
    row = {"workflow": waiting.pk, "worker": None}.get(model) or 1
    for name, arguments in (("add", []), ("delete", [row])):
        assert admin_client.post(reverse(f"admin:pgworkflows_{model}_{name}", args=arguments), {"post": "yes"}).status_code == 403
    listed = admin_client.post(
        reverse(f"admin:pgworkflows_{model}_changelist"), {"action": "delete_selected", "_selected_action": [row]}
    )
    assert listed.status_code in (200, 302, 403)
    assert Workflow.objects.filter(pk=waiting.pk).exists()
    assert admin_client.post(page(waiting), {"status": "COMPLETED"}).status_code == 405


@pytest.mark.parametrize("model", READ_ONLY)
def test_lists_are_for_who_may_see_them(staff, model):
    others = [f"view_{other}" for other in READ_ONLY if other != model]
    assert staff(*others).get(reverse(f"admin:pgworkflows_{model}_changelist")).status_code == 403


@pytest.mark.parametrize(
    "probe",
    [
        "kwargs__card_number__startswith=4",
        "result__contains=x",
        "error__message__regex=a",
        "id__gt=0",
        "requested_by__password__startswith=p",
    ],
)
def test_hidden_values_cannot_be_probed(viewer, waiting, probe):
    assert viewer.get(f"/admin/pgworkflows/workflow/?{probe}").status_code == 400


@step
def spoil(text: str) -> dict[str, str]:
    return {text: text}


@spoil.compensation
def unspoil(text: str, *, result: dict[str, str]) -> None:
    pass


@step
def fail_with(text: str) -> None:
    raise ValueError(text)


@workflow(name=f"tests.{MARKUP}", compensate_on=())
def marked_up(text: str, *, fail: bool) -> None:
    spoil(text)
    set_state(text)
    if fail:
        fail_with(text)
    wait_for_event(text, correlation=text)


@pytest.fixture(params=[False, True], ids=["waiting", "failed"])
def marked(request, db) -> Workflow:
    with acting_as(MARKUP):
        given = marked_up.using(key=MARKUP, queue=MARKUP, attributes={MARKUP: MARKUP})
        return ran(given.start(MARKUP, fail=request.param))


def test_markup_is_escaped_everywhere(admin_client, marked):
    if marked.status == "WAITING":
        marked.send_event("note", {MARKUP: MARKUP}, by=MARKUP)
        marked.cancel(MARKUP, by=MARKUP)
    lists = [reverse(f"admin:pgworkflows_{model}_changelist") for model in READ_ONLY]
    for address in (page(marked), *lists, *(action(marked, verb) for verb in VERBS), f"{lists[0]}?q={MARKUP}"):
        text = admin_client.get(address).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert "&lt;script&gt;alert" in admin_client.get(page(marked)).content.decode()


def test_pages_have_no_inline_script_or_style(admin_client, marked):
    for address in (page(marked), reverse("admin:pgworkflows_workflow_changelist"), action(marked, "cancel")):
        text = admin_client.get(address).content.decode()
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", re.sub(r"&\w+;.*?&gt;", "", text)) == []
