"""What approvers see of rows of any model, and that it stays as it is while it is used."""

import threading
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import override_settings

from pgworkflows import SubjectChanged, describe_subject, workflow
from pgworkflows.checks.declarations import check_declarations
from pgworkflows.models import Approval, Workflow
from pgworkflows.store.approvals.snapshots import find_subject, require_unchanged, snapshot_of, text_of
from pgworkflows.store.retention.forgetting import forget
from tests.ledger.models import Account, Clause, Contract, Document, SignedContract

SHOWN = {
    "id": None, "title": "Lease", "total": "9.50", "labels": "a,b", "rate": 1.5, "span": "01:00:00",
    "partner": None, "partner_id": None,
}  # fmt: skip


@pytest.fixture
def contract(db):
    partner = Account.objects.create(name="Ada")
    made = Contract.objects.create(total=Decimal("9.50"), partner=partner)
    Clause.objects.create(contract=made, text="one")
    Clause.objects.create(contract=made, text="two")
    return Contract.objects.get(pk=made.pk)


def test_editable_columns_of_model_and_parents_are_shown_in_order(contract):
    data = snapshot_of(contract).data
    own = {"id": contract.pk, "partner": str(contract.partner), "partner_id": contract.partner_id}
    assert list(data.items()) == list((SHOWN | own).items())


@pytest.mark.parametrize("column", ["views", "password", "access_token"])
def test_bookkeeping_and_secrets_do_not_spoil_an_approval(contract, column):
    before = snapshot_of(contract)
    Document.objects.update(**{column: 7})
    after = snapshot_of(Contract.objects.get())
    assert before == after
    assert "sesame" not in str(before.data)


@pytest.mark.parametrize(
    ("column", "value"), [("total", 1), ("labels", "z"), ("span", "02:00:00"), ("rate", "nan"), ("title", "x")]
)
def test_change_of_an_inherited_column_is_seen(contract, column, value):
    before = snapshot_of(contract)
    Document.objects.update(**{column: value if column != "rate" else float(value)})
    assert snapshot_of(Contract.objects.get()).hash != before.hash


def test_declared_names_are_shown_in_their_order(contract):
    describe_subject(Contract, snapshot=("clauses", "total", "partner"), text=lambda row: f"Contract\nabout {row.title}")
    signed = SignedContract.objects.get()
    assert list(snapshot_of(signed).data.items()) == [
        ("clauses", ["one", "two"]), ("total", "9.50"), ("partner", str(contract.partner)), ("partner_id", contract.partner_id),
    ]  # fmt: skip
    assert text_of(signed) == "Contract about Lease"
    before = snapshot_of(contract).hash
    Clause.objects.filter(text="two").update(text="three")
    assert snapshot_of(contract).hash != before


def test_rows_beyond_fifty_are_counted(contract):
    describe_subject(Contract, snapshot="clauses")
    Clause.objects.bulk_create([Clause(contract=contract, text=str(number)) for number in range(60)])
    before = snapshot_of(contract)
    assert len(before.data["clauses"]) == 51
    assert before.data["clauses"][-1] == "… 12 more"
    Clause.objects.create(contract=contract, text="late")
    assert snapshot_of(contract).hash != before.hash


def test_secrets_are_left_out_whoever_names_them(contract):
    describe_subject(Contract, snapshot=("title", "access_token"))
    assert snapshot_of(contract).data == {"title": "Lease"}
    with override_settings(PGWORKFLOWS={"REDACT": ["title"]}):
        assert "title" not in snapshot_of(contract).data


def test_code_of_others_that_fails_costs_its_own_line(contract, monkeypatch):
    monkeypatch.setattr(Contract, "broken", property(lambda self: 1 / 0), raising=False)
    describe_subject(Contract, snapshot=("broken", "title"), text=lambda row: 1 / 0)
    assert snapshot_of(contract).data == {"broken": "(cannot be shown)", "title": "Lease"}
    assert text_of(contract) == f"contract {contract.pk}"


WRONG = [
    ({"snapshot": ["ttl"]}, "there is no 'ttl'"),
    ({"text": "title"}, "text= takes a"),
    ({"summary": "ttl"}, "there is no 'ttl'"),
    ({"snapshot": ["total", "partner"], "summary": ["title"]}, "'title', which snapshot= does not have. It has total, partner"),
]


@pytest.mark.parametrize(("given", "wrong"), WRONG)
def test_wrong_declaration_is_refused(given, wrong):
    with pytest.raises(TypeError, match=wrong):
        describe_subject(Contract, **given)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="takes a model"):
        describe_subject("ledger.Contract", snapshot=["title"])


def test_check_finds_what_a_summary_cannot_show():
    describe_subject(Contract, summary=("title", "views", "access_token"))
    describe_subject(Document, snapshot=("views",), summary="views")
    assert [error.msg.partition("summary= ")[2] for error in check_declarations()] == [
        "names 'views', which is not shown (not editable).",
        "names 'access_token', which is not shown (secret).",
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("declared", [None, ("total", "clauses")])
def test_nobody_changes_what_is_shown_under_the_lock(declared):
    contract = Contract.objects.create(total=5)
    clause = Clause.objects.create(contract=contract, text="one")
    if declared:
        describe_subject(Contract, snapshot=declared)
    shown = snapshot_of(Contract.objects.get())
    changes = [lambda: Document.objects.update(total=9), lambda: Contract.objects.update(partner=None)]
    if declared:
        changes += [
            lambda: Clause.objects.filter(pk=clause.pk).update(text="two"),
            lambda: Clause.objects.create(contract=contract, text="two"),
            lambda: Clause.objects.all().delete(),
        ]
    refused = []

    def change():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        for each in changes:
            try:
                each()
            except OperationalError:
                refused.append(each)
        connection.close()

    with transaction.atomic():
        require_unchanged("ledger.contract", str(contract.pk), shown.data, shown.hash)
        other = threading.Thread(target=change)
        other.start()
        other.join()
    assert refused == changes
    Document.objects.update(total=9)
    with transaction.atomic(), pytest.raises(SubjectChanged):
        require_unchanged("ledger.contract", str(contract.pk), shown.data, shown.hash)


def test_one_row_has_one_identity(contract):
    """Whatever proxy, parent or child names it."""

    @workflow
    def work() -> None: ...

    Contract.objects.create()
    rows = [contract, SignedContract.objects.get(pk=contract.pk), Document.objects.get(pk=contract.pk)]
    started = [work.using(subject=row).start() for row in rows]
    for row in rows:
        assert set(Workflow.objects.for_subject(row)) == set(started)
    assert not Workflow.objects.for_subject(Account.objects.get())
    for run in started:
        run.cancel("done")
    assert forget(f"ledger.document:{contract.pk}").workflows == 3


@pytest.mark.parametrize("label", ["ledger.contract", "ledger.parcel", "ledger.gone", "x", "a.b.c", ""])
def test_key_that_does_not_fit_is_no_row(db, label):
    assert find_subject(label, "W7") is None
    assert find_subject(label, "9" * 400) is None


def test_approval_of_a_row_of_any_model_opens(contract, ask, latest, people):
    started = ask(SignedContract.objects.get(), groups=["bosses"])
    assert list(Approval.objects.for_subject(contract)) == [latest(started)]
    latest(started).approve(people.ann)


def test_command_lists_what_is_shown(contract, ask, capsys):
    describe_subject(Contract, snapshot=("total", "clauses"), summary="total")
    ask(Document.objects.get(), groups=["bosses"])
    call_command("workflows", "check", "--snapshots")
    said = capsys.readouterr().out
    assert "ledger.Contract: total, clauses\n  in short: total\n" in said
    assert "ledger.Document: id, title, total, labels, rate, span\n" in said
    assert "left out: scan (binary), password (secret), access_token (secret), views (not editable)" in said
