"""What you approve is what runs."""

import json
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import connection

from pgworkflows import ApprovalOutcome, NotAllowed, SubjectChanged, request_approval, step, workflow
from pgworkflows.api.serializers.approvals import ApprovalDetail
from pgworkflows.models import Approval, Decision, History
from pgworkflows.store.approvals.snapshots import difference
from tests.ledger.models import Entry, Purchase


class Budget(forms.Form):
    """What who approves has to fill in."""

    centre = forms.CharField(max_length=5)
    amount = forms.DecimalField()


def test_subject_is_shown_and_hashed(ask, purchase):
    ask(purchase, groups=["bosses"])
    approval = Approval.objects.get()
    assert approval.snapshot == {
        "id": purchase.pk, "status": "OPEN", "total": "100.00", "buyer": None, "placed_at": None, "buyer_id": None,
        "details": {"what": "chairs"},
    }  # fmt: skip
    assert len(approval.snapshot_hash) == 64
    assert (approval.subject_label, approval.subject_id) == ("ledger.purchase", str(purchase.pk))


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_changed_subject_refuses_the_decision(ask, purchase, people, verdict):
    ask(purchase, groups=["bosses"])
    approval = Approval.objects.get()
    Purchase.objects.update(total=Decimal("99.50"))
    with pytest.raises(SubjectChanged) as refused:
        getattr(approval, verdict)(people.ann, comment="fine")
    assert refused.value.difference == {"total": ["100.00", "99.50"]}
    assert (Decision.objects.count(), History.objects.filter(event="decide").count()) == (0, 0)


def test_changed_subject_can_be_sent_back(ask, purchase, people, latest):
    started = ask(purchase, groups=["bosses"])
    approval = latest(started)
    Purchase.objects.update(total=Decimal("99.50"))
    approval.request_changes(people.ann, comment="you changed it")
    approval.resubmit(people.eve, "yes")
    again = latest(started)
    assert again.snapshot["total"] == "99.50"
    again.approve(people.ann)
    assert again.status == "APPROVED"


def test_deleted_subject_refuses_the_decision(ask, purchase, people):
    ask(purchase, groups=["bosses"])
    Purchase.objects.all().delete()
    with pytest.raises(SubjectChanged, match="deleted"):
        Approval.objects.get().approve(people.ann)


def test_strangers_do_not_see_the_difference(ask, purchase, people):
    ask(purchase, groups=["bosses"])
    Purchase.objects.update(total=1)
    with pytest.raises(NotAllowed, match="only the users and groups that it names can decide"):
        Approval.objects.get().approve(people.gus)


@pytest.fixture
def buying(people):
    """Declare a workflow that buys what was approved."""

    @step
    def order(what: Purchase, outcome: ApprovalOutcome) -> None:
        outcome.require_unchanged()
        Entry.objects.create(name="ordered")

    @workflow
    def buying(what: Purchase) -> None:
        order(what, request_approval("Buy", groups=["bosses"]))

    return buying


@pytest.mark.parametrize(("change", "ordered", "status"), [(False, 1, "COMPLETED"), (True, 0, "FAILED")])
def test_only_what_was_approved_is_used(buying, purchase, people, pgworkflows, change, ordered, status):
    started = buying.using(subject=purchase).start(purchase)
    pgworkflows.run_workflows()
    Approval.objects.get().approve(people.ann)
    if change:
        Purchase.objects.update(details={"what": "tables"})
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, Entry.objects.count()) == (status, ordered)
    assert not change or started.error["type"] == "pgworkflows.exceptions:SubjectChanged"


def test_decision_in_sql_is_compared_by_the_worker(ask, purchase, people, latest):
    started = ask(purchase, groups=["bosses"])
    Purchase.objects.update(total=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.decide(%s, 'ann', 'approve')", [Approval.objects.get().pk])
    again = latest(started)
    assert (again.round, again.status, again.actions.get().verb) == (2, "PENDING", "start_over")


def test_form_has_to_be_filled_in(ask, people, latest):
    started = ask(groups=["bosses"], form=Budget)
    approval = latest(started)
    with pytest.raises(ValidationError) as refused:
        approval.approve(people.ann, data={"centre": "too long", "amount": "x"})
    assert set(refused.value.message_dict) == {"centre", "amount"}
    assert not Decision.objects.exists()
    approval.approve(people.ann, data={"centre": "A1", "amount": "12.50"})
    latest(started)
    assert started.wait(0).decisions[0]["data"] == {"centre": "A1", "amount": Decimal("12.50")}


def test_rejection_needs_no_form(ask, people, latest):
    started = ask(groups=["bosses"], form=Budget)
    latest(started).reject(people.ann, comment="no")
    latest(started)
    assert started.wait(0).status == "REJECTED"


def test_data_without_a_form_comes_back_as_given(ask, people, latest):
    started = ask(groups=["bosses"])
    latest(started).approve(people.ann, data={"limit": Decimal("12.50")})
    latest(started)
    assert started.wait(0).decisions[0]["data"] == {"limit": Decimal("12.50")}


def test_snapshot_keeps_the_order_of_who_declared_it(ask, purchase, monkeypatch):
    declared = {
        "number": "P1",
        "a_very_long_name": 1,
        "lines": [{"what": "chairs", "at": 1}],
        "z": {"second": 2, "b": 1},
        "it": 0,
    }
    monkeypatch.setattr(Purchase, "approval_snapshot", lambda _: declared, raising=False)
    ask(purchase, groups=["bosses"])
    approval = Approval.objects.get()
    assert json.dumps(approval.shown) == json.dumps(declared)
    serialized = ApprovalDetail(context={"request": None}).fields["snapshot"]
    assert json.dumps(serialized.to_representation(serialized.get_attribute(approval))) == json.dumps(declared)
    changed = {"it": 1, "z": 2, "new_in_it": 3, "number": "P2"}
    assert list(difference(approval.shown, changed)) == ["number", "a_very_long_name", "lines", "z", "it", "new_in_it"]
