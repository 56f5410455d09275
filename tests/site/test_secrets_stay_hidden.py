"""One filter hides what REDACT names, on every face and in every text that could hold it."""

import io
import logging
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from pgworkflows import request_approval, set_state, step, workflow
from pgworkflows.exceptions import KeyConflict
from pgworkflows.models import Approval, Workflow
from pgworkflows.values.redaction import Redactor, is_hidden, redacted

SECRET = "sesame-4711"
NAMES = ["access_token", "apiKey", "api_key", "Authorization", "new_password"]


@pytest.mark.parametrize("name", [*NAMES, "APIKey", "X-Auth-Token", "card number", "tokens"])
def test_names_are_hidden_by_their_words(name):
    assert redacted({name: {"deep": [SECRET]}}) == {name: "[hidden]"}
    assert SECRET not in Redactor().text(f"said {name.replace(' ', '_')}={SECRET}, and {name.replace(' ', '-')!r}: '{SECRET}'")


@pytest.mark.parametrize("name", ["tokenizer", "secretary", "apis", "authorizations_left_of"])
def test_names_with_other_words_are_shown(name):
    assert is_hidden(name) is (name == "authorizations_left_of")


def test_text_around_a_secret_stays():
    assert Redactor().text("Authorization: Bearer abc.def and more") == "Authorization: [hidden] and more"
    assert Redactor().text("data={'apiKey': 'a b', 'n': 1}") == "data={'apiKey': [hidden], 'n': 1}"
    assert Redactor.of({"password": "it's"}).text("got 'it\\'s' or \"it's\"") == "got 'it\\'s' or \"[hidden]\""


@pytest.fixture
def everywhere(people, pgworkflows, caplog, mailoutbox):
    """Run workflows whose secret gets into every text, and give a function that returns what each face shows."""

    @step(name="tests.use")
    def use(key: str) -> None:
        raise ValueError(f"{key} is wrong")

    @workflow(name="tests.asks")
    def asks(access_token: str) -> str:
        set_state(f"with {access_token}")
        return request_approval(f"Use {access_token}?", users=["ann"], description=f"It is {access_token}").status

    @workflow(name="tests.fails")
    def fails(apiKey: str) -> None:  # noqa: N803 - a client's name
        set_state(f"with {apiKey}")
        use(apiKey)

    with override_settings(PGWORKFLOWS={"BASE_URL": "https://shop.example"}), caplog.at_level(logging.INFO, "pgworkflows"):
        asks.using(requested_by=people.eve).start(SECRET)
        fails.using(requested_by=people.eve).start(SECRET)
        pgworkflows.run_workflows()
        approval = Approval.objects.get()
        approval.comment(people.ann, f"not {SECRET}")
        pgworkflows.move_clock(timedelta(minutes=2))
        pgworkflows.run_workflows()
        Workflow.objects.get(name="tests.asks").cancel(f"because of {SECRET}", by=people.root)
    log, browser = caplog.text, Client()
    browser.force_login(people.root)

    def shown() -> dict[str, str]:
        runs = [workflow.pk for workflow in Workflow.objects.filter(name__in=("tests.asks", "tests.fails"))]
        ways = ["/admin/pgworkflows/workflow/", "/admin/pgworkflows/history/", "/approvals/all/", f"/approvals/{approval.pk}/"]
        ways += [f"/api/approvals/{approval.pk}/", "/api/approvals/", "/api/approvals/export/", "/api/workflows/"]
        ways += [f"/admin/pgworkflows/workflow/{run}/change/" for run in runs]
        ways += [f"/api/workflows/{run}/{part}" for run in runs for part in ("", "tasks/", "history/")]
        answers = {way: browser.get(way) for way in ways}
        assert {answer.status_code for answer in answers.values()} == {200}
        found = {way: b"".join(answer).decode() for way, answer in answers.items()}
        for words in (["list"], *(["show", str(run)] for run in runs)):
            call_command("workflows", *words, stdout=(out := io.StringIO()))
            found[" ".join(words)] = out.getvalue()
        emails = "".join(f"{email.subject} {email.body} {email.alternatives}" for email in mailoutbox)
        return found | {"log": log, "emails": emails}

    return shown


def test_secret_is_on_no_face(everywhere):
    shown = everywhere()
    assert [face for face, text in shown.items() if SECRET in text] == []
    assert "[hidden] is wrong" in shown["log"]
    assert "Use [hidden]?" in shown["emails"]


def test_what_is_not_named_is_on_every_face(everywhere):
    with override_settings(PGWORKFLOWS={"REDACT": []}):
        assert [face for face, text in everywhere().items() if SECRET not in text and face not in ("log", "emails")] == []


def test_refusal_that_shows_arguments_hides_them(db):
    @workflow(name="tests.keyed")
    def keyed(access_token: str, n: int) -> None: ...

    keyed.using(key="k").start(SECRET, 1)
    with pytest.raises(KeyConflict) as raised:
        keyed.using(key="k").start(SECRET, 2)
    assert "{'n': 1, 'access_token': '[hidden]'}" in str(raised.value)
    assert SECRET not in f"{raised.value} {raised.value!r}"
