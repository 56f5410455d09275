"""What a project's own settings, proxies and other people's rights do not change of the API."""

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.settings import api_settings

from pgworkflows.api.export import _inert
from pgworkflows.models import Approval
from pgworkflows.models.workflow import Workflow
from tests.api.conftest import API, problem

FOREIGN = {
    "DATETIME_FORMAT": "%d.%m.%Y",
    "DATETIME_INPUT_FORMATS": ["%d.%m.%Y"],
    "UNICODE_JSON": False,
    "COMPACT_JSON": False,
    "NON_FIELD_ERRORS_KEY": "__all__",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
    "COERCE_DECIMAL_TO_STRING": False,
}
START = {"name": "shop.fulfil", "kwargs": {"order": 7}, "key": "schön", "run_after": "2099-01-01T00:00:00Z"}


def test_foreign_formats_change_nothing(ann, fulfil, settings):
    own = ann.send("workflows", body=START)
    settings.REST_FRAMEWORK = FOREIGN
    assert api_settings.DATETIME_FORMAT == "%d.%m.%Y"
    again = ann.send("workflows", body=START)
    assert (again.status_code, again.content) == (201, own.content)
    assert "schön".encode() in again.content
    assert again.json()["available_at"] == "2099-01-01T00:00:00Z"
    assert problem(ann.send("workflows", body=["no object"]), 400, "invalid")["errors"][0]["field"] == ""


def test_nobody_keeps_an_answer(ann, clients, ask, fulfil):
    ask()
    mia = clients["mia"]
    answers = [ann.read("workflows"), ann.send("workflows", body=START), ann.read("workflow", "no-id"), API().read("workflows")]
    answers += [mia.read("export"), mia.read("approval", Approval.objects.get().pk), mia.read("schema")]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store, private"}


@pytest.mark.parametrize("proxy", ['W/"{}"', '"{}-gzip"', 'W/"{}-br"'])
def test_tag_comes_back_as_a_proxy_made_it(clients, ask, proxy):
    asked = ask()
    tag = clients["mia"].read("approval", asked.pk).headers["ETag"]
    assert clients["mia"].send("approve", asked.pk, If_Match=proxy.format(tag.strip('"'))).status_code == 200


def test_repetition_asks_for_the_right_again(ann, fulfil):
    key = ann.send("workflows", body=START, Idempotency_Key="a").json()["id"]
    assert ann.send("cancel", key, body={"reason": "x"}, Idempotency_Key="b").status_code == 200
    User.objects.get(username="ann").user_permissions.clear()
    problem(ann.send("workflows", body=START, Idempotency_Key="a"), 403, "permission-denied")
    problem(ann.send("cancel", key, body={"reason": "x"}, Idempotency_Key="b"), 403, "permission-denied")


def test_repetition_shows_no_row_that_is_hidden_by_now(ann, bob, person, fulfil):
    key = bob.send("workflows", body=START).json()["id"]
    boss = person("boss", "view_workflow", "cancel_workflow")
    assert API(boss).send("cancel", key, body={"reason": "x"}, Idempotency_Key="b").status_code == 200
    boss.user_permissions.remove(Permission.objects.get(codename="view_workflow", content_type__model=Workflow._meta.model_name))
    problem(API(boss).send("cancel", key, body={"reason": "x"}, Idempotency_Key="b"), 404, "not-found")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(1)", " =1+1", "\n=1", "\t1", "\uff1d1", "\u00a0=1"])
def test_formula_is_text_in_a_spreadsheet(cell):
    assert _inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1", "", 7, -7, "fine, \u2013 really"])
def test_other_cells_stay_as_they_are(cell):
    assert _inert(cell) == cell
