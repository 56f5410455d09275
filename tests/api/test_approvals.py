"""Reading and deciding approvals."""

from datetime import timedelta

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pgworkflows.models import Approval, Decision, History
from tests.api.conftest import API, problem
from tests.ledger.models import Account


class Cost(forms.Form):
    """What an approval fills in."""

    centre = forms.IntegerField(help_text="Four digits.", min_value=1000)


def test_approval_is_seen_by_those_it_concerns(clients, ask, person):
    asked = ask()
    for client in (clients["mia"], clients["rita"], API(person("auditor", "view_approval"))):
        assert client.read("approval", asked.pk).status_code == 200
        assert [row["id"] for row in client.read("approvals").json()["results"]] == [asked.pk]
    stranger = API(person("stranger", "view_workflow"))
    problem(stranger.read("approval", asked.pk), 404, "not-found")
    assert stranger.read("approvals").json()["results"] == []


def test_approval_shows_what_is_asked(clients, ask):
    account = Account.objects.create(name="till")
    asked = ask(subject=account, quorum=2, attributes={"total": 12}, description="For the till")
    shown = clients["mia"].read("approval", asked.pk).json()
    assert shown["snapshot"] == {"id": account.pk, "name": "till", "units": 0}
    assert shown["subject"] == {"model": "ledger.account", "id": str(account.pk)}
    assert (shown["may_decide"], shown["refusal"], shown["groups"]) == (["max", "mia", "moe"], "", ["managers"])
    assert (shown["agreed"], shown["quorum"], shown["requested_by"]) == (0, 2, "rita")
    assert "only the users and groups" in clients["rita"].read("approval", asked.pk).json()["refusal"]


def test_quorum_of_two_approves(clients, ask):
    asked = ask(quorum=2)
    first = clients["mia"].send("approve", asked.pk, body={"comment": "fine"}).json()
    second = clients["max"].send("approve", asked.pk).json()
    assert [(each["status"], each["agreed"]) for each in (first, second)] == [("PENDING", 1), ("APPROVED", 2)]
    told = History.objects.filter(approval=asked.pk, event="decide").order_by("id")
    assert list(told.values_list("actor", "channel", "note")) == [("mia", "api", "fine"), ("max", "api", "")]


def test_too_late_is_a_conflict(clients, ask):
    asked = ask()
    clients["mia"].send("reject", asked.pk, body={"comment": "no"})
    told = problem(clients["max"].send("approve", asked.pk), 409, "already-decided")
    assert told["detail"] == f"Approval {asked.pk} is already REJECTED; nothing was changed."


def test_who_asked_cannot_decide(clients, ask):
    told = problem(clients["rita"].send("approve", ask().pk), 403, "not-allowed")
    assert "only the users and groups that it names can decide" in told["detail"]


@pytest.mark.parametrize("verb", ["reject", "request-changes"])
@pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": " \n"}])
def test_refusing_needs_a_comment(clients, ask, verb, body):
    told = problem(clients["mia"].send(verb, ask().pk, body=body), 400, "invalid")
    assert [each["field"] for each in told["errors"]] == ["comment"]
    assert not Decision.objects.exists()


def test_changes_go_round(clients, ask, pgworkflows):
    asked = ask()
    clients["mia"].send("request-changes", asked.pk, body={"comment": "cheaper"})
    problem(clients["mia"].send("resubmit", asked.pk), 403, "not-allowed")
    assert clients["rita"].send("resubmit", asked.pk, body={"comment": "better?"}).status_code == 200
    pgworkflows.run_workflows()
    following = Approval.objects.latest("id")
    assert (following.round, following.status) == (2, "PENDING")


def test_withdrawing_is_the_requesters(clients, ask):
    asked = ask()
    problem(clients["mia"].send("withdraw", asked.pk, body={"reason": "x"}), 403, "not-allowed")
    assert clients["rita"].send("withdraw", asked.pk, body={"reason": "x"}).json()["status"] == "WITHDRAWN"


def test_comments_are_kept(clients, ask):
    asked = ask()
    clients["rita"].send("comments", asked.pk, body={"text": "please"})
    shown = clients["mia"].read("approval", asked.pk).json()
    assert [(each["verb"], each["user"], each["note"], each["channel"]) for each in shown["actions"]] == [
        ("comment", "rita", "please", "api")
    ]


def test_reassigning_needs_being_named_or_the_right(clients, ask, person):
    asked, body = ask(), {"to": "boss", "reason": "away"}
    person("boss")
    problem(clients["mia"].send("reassign", asked.pk, body=body), 403, "not-allowed")
    chief = API(person("chief", "view_approval", "reassign_approval"))
    assert chief.send("reassign", asked.pk, body=body).status_code == 200
    assert chief.read("approval", asked.pk).json()["may_decide"] == ["boss"]
    problem(clients["mia"].read("approval", asked.pk), 404, "not-found")


@pytest.mark.parametrize("kind", ["user", "group"])
def test_reassigning_to_nobody_is_refused(ask, person, kind):
    chief = API(person("chief", "view_approval", "reassign_approval"))
    told = problem(chief.send("reassign", ask().pk, body={"to": "none", "kind": kind, "reason": "x"}), 422, "unprocessable")
    assert [each["field"] for each in told["errors"]] == ["to"]


def test_form_is_described_and_checked(clients, ask):
    asked = ask(form=Cost)
    shown = clients["mia"].read("approval", asked.pk).json()["form"]
    assert shown == [{"name": "centre", "label": "centre", "help": "Four digits.", "required": True}]
    told = problem(clients["mia"].send("approve", asked.pk, body={"data": {"centre": 7}}), 400, "invalid")
    assert told["errors"][0]["field"] == "data.centre"
    assert clients["mia"].send("approve", asked.pk, body={"data": {"centre": 4711}}).json()["status"] == "APPROVED"
    assert Decision.objects.get().data == {"centre": 4711}


def test_changed_subject_is_shown_as_a_difference(clients, ask):
    account = Account.objects.create(name="till")
    asked = ask(subject=account)
    Account.objects.update(units=5)
    told = problem(clients["mia"].send("approve", asked.pk), 409, "subject-changed")
    assert "units" in str(told["difference"])
    assert not Decision.objects.exists()


def test_expired_approval_is_a_conflict(clients, ask, pgworkflows):
    asked = ask(timeout=timedelta(hours=1))
    pgworkflows.move_clock(timedelta(hours=2))
    problem(clients["mia"].send("approve", asked.pk), 409, "approval-expired")


def test_stale_etag_records_nothing(clients, ask):
    asked = ask(quorum=2)
    seen = clients["max"].read("approval", asked.pk).headers["ETag"]
    assert clients["mia"].send("approve", asked.pk, If_Match=seen).status_code == 200
    problem(clients["max"].send("approve", asked.pk, If_Match=seen), 412, "stale")
    assert Decision.objects.count() == 1
    fresh = clients["max"].read("approval", asked.pk).headers["ETag"]
    assert clients["max"].send("approve", asked.pk, If_Match=f'"other", {fresh}').json()["status"] == "APPROVED"


@pytest.mark.parametrize("given", ['"other"', "nonsense", "", 'W/"1-PENDING-"'])
def test_if_match_that_names_another_state_is_stale(clients, ask, given):
    problem(clients["mia"].send("approve", ask().pk, If_Match=given), 412, "stale")


def test_roles_and_filters_narrow_the_list(clients, ask):
    first, second = ask("Buy ink"), ask("Buy toner", attributes={"floor": 3})
    clients["mia"].send("approve", first.pk)

    def ids(name, **query):
        return [row["id"] for row in clients[name].read("approvals", **query).json()["results"]]

    assert ids("mia") == ids("rita", role="requester") == [second.pk, first.pk]
    assert ids("mia", role="approver", status=["PENDING"]) == [second.pk]
    assert ids("mia", role="decider") == ids("max", status="APPROVED") == ids("max", search="INK") == [first.pk]
    assert ids("max", attributes='{"floor": 3}') == ids("max", workflow=str(second.workflow_id)) == [second.pk]
    assert ids("max", overdue="true") == ids("max", role="requester") == ids("max", policy="none") == []


@pytest.mark.parametrize("key", ["0", "-1", "9" * 30, "x", "\u0663"])
def test_approval_id_that_is_none_is_not_found(clients, key):
    problem(clients["mia"].get(f"/api/approvals/{key}/"), 404, "not-found")


@pytest.mark.parametrize(("address", "most"), [("approvals", 9), ("approval", 17)])
def test_reading_asks_as_much_for_many_rows_as_for_one(clients, ask, person, address, most):
    counts = []
    for _ in range(2):
        asked = ask(quorum=3)
        for name in ("mia", "max"):
            clients[name].send("approve", asked.pk)
            clients[name].send("comments", asked.pk, body={"text": "x"})
        with CaptureQueriesContext(connection) as made:
            clients["moe"].read(address, *([asked.pk] if address == "approval" else []))
        counts.append(len(made))
    assert counts[0] == counts[1] <= most


def test_deciding_asks_little(clients, ask):
    asked = ask(quorum=2)
    with CaptureQueriesContext(connection) as made:
        clients["mia"].send("approve", asked.pk)
    assert len(made) <= 17


@pytest.mark.parametrize("written", ["W/{tag}", '"other", W/{tag}', "{tag}", "*"])
def test_tag_that_a_proxy_weakened_still_matches(clients, ask, written):
    asked = ask()
    tag = clients["mia"].read("approval", asked.pk)["ETag"]
    headers = {"If-Match": written.format(tag=tag)}
    answer = clients["mia"].post(f"/api/approvals/{asked.pk}/approve/", {}, "application/json", headers=headers)
    assert answer.status_code == 200
