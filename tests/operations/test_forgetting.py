"""`workflows forget`: what a business row's workflows knew of it goes, what happened stays."""

import json

import pytest
from django.apps import apps
from django.core import serializers
from django.db import models

from pgworkflows import request_approval, step, workflow
from pgworkflows.models import Approval, Decision, History, Task, Workflow
from pgworkflows.store.retention import forgetting
from tests.ledger.models import Account

SECRET = "Ada Lovelace"


@pytest.fixture
def account(db):
    return Account.objects.create(name="a")


@pytest.fixture
def ann(django_user_model):
    return django_user_model.objects.create_user("ann")


@pytest.fixture
def known(account, ann, pgworkflows):
    """Give a finished workflow of the account whose every part knows the secret."""

    @step
    def fail(name: str) -> None:
        raise ValueError(name)

    @step
    def tell(name: str) -> str:
        return name

    @workflow
    def child(name: str) -> str:
        return tell(name)

    @workflow
    def body(name: str) -> None:
        child.start(name).result()
        request_approval(f"Release {name}", description=name, users=["ann"], attributes={"name": name})
        fail(name)

    run = body.using(subject=account, attributes={"name": SECRET}).start(SECRET)
    run.send_event("news", {"name": SECRET})
    pgworkflows.run_workflows()
    Approval.objects.get().comment(ann, SECRET)
    Approval.objects.get().approve(ann, comment=SECRET)
    pgworkflows.run_workflows()
    return run


def everything() -> str:
    """Return all that our tables hold, as text."""
    tables = [model.objects.all() for model in apps.get_app_config("pgworkflows").get_models()]
    return "\n".join(serializers.serialize("json", rows) for rows in tables)


def test_no_word_of_the_subject_is_left(known, account, workflows):
    assert everything().count(SECRET) > 12
    assert workflows("forget", f"ledger.account:{account.pk}") == (
        f"Forgot ledger.account:{account.pk}: 2 workflow(s), 1 approval(s).\n"
    )
    assert SECRET not in everything()


def test_what_happened_is_still_told(known, account, workflows):
    told = History.objects.filter(workflow=known.pk)
    before = list(told.order_by("id").values("id", "event", "from_status", "to_status", "at", "actor", "session_user", "data"))
    workflows("forget", f"ledger.account:{account.pk}", "--by", "ops")
    *after, last = told.order_by("id").values("id", "event", "from_status", "to_status", "at", "actor", "session_user", "data")
    assert after == before
    assert (last["event"], last["actor"], last["to_status"]) == ("forget", "ops", "FAILED")
    assert last["data"]["subject"] == f"ledger.account:{account.pk}"


def test_who_decided_and_what_failed_stays(known, account, workflows):
    workflows("forget", f"ledger.account:{account.pk}")
    decision, failed = Decision.objects.get(), Workflow.objects.get(pk=known.pk)
    assert (decision.username, decision.verdict, decision.comment) == ("ann", "approve", "")
    assert (failed.status, failed.error["type"], failed.error["message"]) == ("FAILED", "builtins:ValueError", "")
    assert set(Task.objects.filter(kind="STEP").values_list("name", "result")) == {
        ("tests.fail", None),
        ("tests.tell", None),
    }


def test_other_subjects_are_left_alone(known, account, workflows, pgworkflows, quick):
    other = quick.using(subject=Account.objects.create(name="b")).start("kept")
    pgworkflows.run_workflows()
    workflows("forget", f"ledger.account:{account.pk}")
    assert Workflow.objects.get(pk=other.pk).kwargs == {"name": "kept"}
    assert not History.objects.filter(workflow=other.pk, event="forget").exists()


def test_unfinished_is_not_forgotten(account, patient, pgworkflows, refused):
    run = patient.using(subject=account).start(SECRET)
    pgworkflows.run_workflows()
    assert refused("forget", f"ledger.account:{account.pk}") == (
        f"ledger.account:{account.pk} cannot be forgotten while 1 of its workflows are unfinished: {run.pk}. "
        "Let them end, or cancel them with `manage.py workflows cancel`, and forget then."
    )
    assert Workflow.objects.get().kwargs == {"name": SECRET}


def test_approval_of_another_workflow_is_forgotten(account, ann, pgworkflows, workflows, refused):
    @workflow
    def body(account: int, name: str) -> None:
        request_approval(name, users=["ann"], subject=Account(pk=account))

    run = body.start(account.pk, SECRET)
    pgworkflows.run_workflows()
    assert str(run.pk) in refused("forget", f"ledger.account:{account.pk}")
    Approval.objects.get().reject(ann, comment=SECRET)
    pgworkflows.run_workflows()
    assert workflows("forget", f"Ledger.Account:{account.pk}").endswith(": 0 workflow(s), 1 approval(s).\n")
    assert (Approval.objects.get().title, Decision.objects.get().comment) == ("(forgotten)", "")
    assert Workflow.objects.get().kwargs["name"] == SECRET
    assert not History.objects.filter(note__contains=SECRET, approval__isnull=False).exists()


@pytest.mark.parametrize("typed", ["account", "ledger.account", "ledger.account:", ":7", "ledger:7"])
def test_what_is_no_subject(refused, db, typed):
    assert refused("forget", typed) == f"{typed!r} is no subject. Give app_label.model:primary_key, as in shop.order:7."


def test_subject_that_nobody_knows(refused, db):
    assert refused("forget", "ledger.account:7") == "No workflow and no approval has the subject ledger.account:7."


KEPT = {
    "Workflow": {
        "name", "key", "status", "state", "queue", "subject_id", "subject_label", "requested_by_name", "parent_close",
        "fingerprint",
    },
    "Task": {"any_of", "branch", "kind", "status"},
    "Event": {"name", "correlation", "key", "sent_by"},
    "Request": {"name", "asked_by"},
    "Approval": {
        "branch", "kind", "subject_label", "subject_id", "requested_by_name", "could_decide", "status", "snapshot_hash", "form",
        "on_timeout", "escalate_to",
    },
    "Decision": {"username", "on_behalf_of_name", "verdict", "channel", "snapshot_hash"},
    "ApprovalAction": {"verb", "username", "channel"},
    "History": {"event", "from_status", "to_status", "state", "actor", "session_user", "channel", "data"},
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_every_text_is_blanked_or_kept(name):
    model = apps.get_model("pgworkflows", name)
    text = {field.name for field in model._meta.concrete_fields if isinstance(field, models.TextField | models.JSONField)}
    statements = [statement for statement in forgetting.BLANK if f"UPDATE {model._meta.db_table} " in " ".join(statement.split())]
    blanked = {field for field in text if any(f"{field} =" in statement for statement in statements)}
    assert text - blanked <= KEPT[name], json.dumps(sorted(text - blanked - KEPT[name]))
