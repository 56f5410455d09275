"""Who gets in, whatever the project's defaults are."""

import importlib
from contextlib import suppress

import pytest
from django.test import override_settings
from django.urls import NoReverseMatch, reverse
from rest_framework.permissions import AllowAny

from pgworkflows.api import urls
from pgworkflows.api.permissions import LoggedInAndPermitted
from pgworkflows.models import Approval, Decision, Workflow
from tests.api.conftest import API, problem

VIEWS = {pattern.name: pattern.callback.cls for pattern in urls.urlpatterns}
OPEN = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}
#: What each POST takes beside being logged in and seeing the row; the domain decides the rest.
NEEDS = {
    "workflows": "start_workflow", "cancel": "cancel_workflow", "retry": "retry_workflow", "compensate": "compensate_workflow",
    "workflow-events": "send_event", "events": "send_event",
    "requests": "ask_workflow",
    "trigger": "trigger_schedule", "pause-schedule": "change_schedule", "resume-schedule": "change_schedule",
}  # fmt: skip


def address(name):
    for args in ([], ["1"]):
        with suppress(NoReverseMatch):
            return reverse(f"pgworkflows-api:{name}", args=args)
    return reverse(f"pgworkflows-api:{name}", args=["1", "1"])


@override_settings(REST_FRAMEWORK=OPEN)
@pytest.mark.parametrize("name", VIEWS)
def test_view_has_permissions_of_its_own(name):
    view = VIEWS[name]
    assert AllowAny not in view.permission_classes
    assert [type(each) for each in view().get_permissions()] == [LoggedInAndPermitted]
    assert view.needs == ({"POST": NEEDS[name]} if name in NEEDS else {})
    module = importlib.import_module(view.__module__)
    assert module.__name__.startswith("pgworkflows.api.views")


@override_settings(REST_FRAMEWORK=OPEN)
@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_nobody_gets_in_without_login(client, db, name, method):
    problem(getattr(client, method)(address(name)), 403, "not-authenticated")


@pytest.mark.parametrize("name", VIEWS)
def test_user_who_is_inactive_is_nobody(person, name):
    user = person("gone", "view_workflow", *NEEDS.values())
    client = API(user)
    user.is_active = False
    user.save()
    problem(client.get(address(name)), 403, "not-authenticated")


@pytest.mark.parametrize("name", NEEDS)
def test_verb_needs_its_own_right(person, fulfil, name):
    started = fulfil.start(1)
    others = {*NEEDS.values()} - {NEEDS[name]}
    client = API(person("almost", "view_workflow", "view_approval", *others))
    args = [] if name in ("workflows", "events") else [started.pk]
    problem(client.send(name, *args), 403, "permission-denied")
    assert Workflow.objects.get().status == "PENDING"


@pytest.mark.parametrize("name", sorted({*VIEWS} - {*NEEDS} - {"schema"}))
def test_staff_without_rights_changes_nothing(person, ask, name, django_user_model):
    asked = ask()
    staff = person("staff")
    django_user_model.objects.filter(pk=staff.pk).update(is_staff=True)
    body = {"comment": "x"}
    path = address(name).replace("/1/", f"/{asked.pk}/")
    response = API(staff).post(path, body, "application/json")
    assert response.status_code in (400, 404, 405), response.content
    assert (Approval.objects.get().revision, Decision.objects.count()) == (0, 0)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_method_that_is_none_is_refused_as_problem(ann, method):
    response = getattr(ann, method)("/api/workflows/")
    problem(response, 405, "method-not-allowed")
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("verb", ["cancel", "retry", "compensate", "workflow-events"])
def test_verb_on_somebody_elses_workflow_is_not_found(ann, bob, fulfil, verb):
    key = ann.send("workflows", body={"name": "shop.fulfil", "kwargs": {"order": 1}}).json()["id"]
    bodies = {"cancel": {"reason": "x"}, "compensate": {"reason": "x"}, "workflow-events": {"name": "go"}}
    problem(bob.send(verb, key, body=bodies.get(verb, {})), 404, "not-found")
    assert Workflow.objects.get().status == "PENDING"
