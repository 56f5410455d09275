"""A row trigger that starts a workflow, whoever writes the row."""

import datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Concat, Upper

from pgworkflows import StartWorkflowOn, workflow
from pgworkflows.models import Workflow
from pgworkflows.store.definitions import write_definition
from pgworkflows.triggers import RemoveStartWorkflowOn
from tests.ledger.models import Account, Purchase

PAID = {"on": "update", "when": Q(status="PAID"), "kwargs": {"purchase_id": F("pk")}}


def apply(operation, backwards=False):
    state = ProjectState.from_apps(apps)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards("ledger", editor, state, state)
        else:
            operation.database_forwards("ledger", editor, state, state)


@pytest.fixture
def fulfil(db):
    @workflow(name="ledger.fulfil")
    def body(
        purchase_id: int,
        total: Decimal | None = None,
        buyer: int | None = None,
        placed_at: datetime.datetime | None = None,
        label: str = "",
    ) -> str:
        return f"{purchase_id} {total} {buyer} {placed_at} {label}"

    write_definition(body)
    return body


def test_its_function_is_for_nobody(fulfil):
    apply(when_inserted())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('pg_monitor', oid, 'EXECUTE') FROM pg_proc WHERE proname = %s", [when_inserted().name]
        )
        assert cursor.fetchall() == [(False,)]


def when_inserted(**options):
    options = {"kwargs": {"purchase_id": F("pk")}} | options
    return StartWorkflowOn("ledger.Purchase", "ledger.fulfil", on="insert", **options)


def when_paid(**options):
    options = {"kwargs": {"purchase_id": F("pk")}, "when": Q(status="PAID")} | options
    return StartWorkflowOn("ledger.Purchase", "ledger.fulfil", on="update", **options)


def started():
    return list(Workflow.objects.order_by("created_at", "id").values_list("kwargs", flat=True))


def test_insert_starts_one_with_the_row_as_subject(fulfil):
    apply(when_inserted())
    purchase = Purchase.objects.create()
    assert started() == [{"purchase_id": purchase.pk}]
    assert purchase.workflows.get() == Workflow.objects.for_subject(purchase).get()


def test_insert_starts_only_where_the_condition_holds(fulfil):
    apply(when_inserted(when=Q(total__gt=Decimal("99.50")) & ~Q(status="DRAFT")))
    Purchase.objects.create(total=Decimal("99.50"))
    Purchase.objects.create(total=100, status="DRAFT")
    large = Purchase.objects.create(total=100)
    assert started() == [{"purchase_id": large.pk}]


def test_update_starts_when_the_condition_becomes_true(fulfil):
    apply(when_paid())
    purchase = Purchase.objects.create(status="PAID")
    assert started() == []
    purchase.save()
    Purchase.objects.update(total=1)
    assert started() == []
    Purchase.objects.update(status="OPEN")
    Purchase.objects.update(status="PAID")
    assert started() == [{"purchase_id": purchase.pk}]


def test_condition_that_was_unknown_becomes_true(fulfil):
    apply(when_paid(when=Q(placed_at__year=2026)))
    purchase = Purchase.objects.create(placed_at=None)
    Purchase.objects.update(placed_at=datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC))
    assert started() == [{"purchase_id": purchase.pk}]


def test_bulk_writes_start_one_for_each_row(fulfil):
    apply(when_paid())
    made = Purchase.objects.bulk_create(Purchase() for _ in range(3))
    Purchase.objects.filter(pk__in=[made[0].pk, made[1].pk]).update(status="PAID")
    made[2].status = "PAID"
    Purchase.objects.bulk_update(made[2:], ["status"])
    assert sorted(kwargs["purchase_id"] for kwargs in started()) == sorted(row.pk for row in made)


def test_rolled_back_write_starts_nothing(fulfil):
    apply(when_inserted())
    with transaction.atomic():
        Purchase.objects.create()
        transaction.set_rollback(True)
    assert started() == []


def test_arguments_keep_their_types(fulfil, pgworkflows):
    columns = {"purchase_id": F("pk"), "total": F("total"), "buyer": F("buyer"), "placed_at": F("placed_at")}
    apply(when_inserted(kwargs=columns | {"label": Concat(Upper("status"), Value("!", output_field=TextField()))}))
    buyer = Account.objects.create()
    at = datetime.datetime(2026, 5, 1, 12, 30, tzinfo=datetime.UTC)
    purchase = Purchase.objects.create(total=Decimal("12345678901234567.10"), buyer=buyer, placed_at=at, status="open")
    pgworkflows.run_workflows()
    result = f"{purchase.pk} 12345678901234567.10 {buyer.pk} {at} OPEN!"
    assert purchase.workflows.get().wait(1) == result


def test_plain_values_are_constants(fulfil):
    apply(when_inserted(kwargs={"purchase_id": 7, "label": Value("50% 'off' $$ \\ {x}"), "buyer": None}))
    Purchase.objects.create()
    assert started() == [{"purchase_id": 7, "label": "50% 'off' $$ \\ {x}", "buyer": None}]


def test_condition_is_quoted(fulfil):
    apply(when_inserted(when=Q(status="'; DROP TABLE ledger_purchase; --") | Q(status__contains="50%")))
    Purchase.objects.create(status="'; DROP TABLE ledger_purchase; --")
    Purchase.objects.create(status="now 50% off")
    Purchase.objects.create(status="5000")
    assert len(started()) == 2


def test_condition_compares_columns_and_json(fulfil):
    apply(when_inserted(when=Q(details__urgent=True) & Q(total__gte=F("buyer"))))
    buyer = Account.objects.create()
    Purchase.objects.create(total=buyer.pk, buyer=buyer, details={"urgent": True})
    Purchase.objects.create(total=buyer.pk, buyer=buyer, details={})
    assert len(started()) == 1


def test_empty_condition_never_fires(fulfil):
    apply(when_inserted(when=Q(status__in=[])))
    Purchase.objects.create()
    assert started() == []


def test_key_lets_one_row_start_once(fulfil):
    apply(when_paid(key=F("pk")))
    purchase = Purchase.objects.create()
    for status in ("PAID", "OPEN", "PAID"):
        Purchase.objects.update(status=status)
    assert Workflow.objects.get().key == str(purchase.pk)


def test_key_with_other_arguments_refuses_the_write(fulfil):
    apply(when_inserted(key="only one"))
    Purchase.objects.create()
    with pytest.raises(IntegrityError, match=r"key 'only one' of ledger.fulfil belongs to workflow .* with other arguments"):
        Purchase.objects.create()


def test_wrong_arguments_refuse_the_write(fulfil):
    apply(when_inserted(kwargs={"order": F("pk")}))
    with pytest.raises(DataError, match=r"ledger.fulfil: unknown argument order"):
        Purchase.objects.create()


def test_psql_starts_it_too(fulfil, psql):
    apply(when_paid())
    try:
        psql("INSERT INTO ledger_purchase (id, status, total, details) VALUES (77, 'OPEN', 1, '{}')")
        psql("UPDATE ledger_purchase SET status = 'PAID'")
        assert started() == [{"purchase_id": 77}]
        assert Workflow.objects.get().subject_id == "77"
    finally:
        apply(when_paid(), backwards=True)


def test_role_without_rights_here_starts_it_too(clerk, fulfil):
    apply(when_inserted())
    with connection.cursor() as cursor:
        cursor.execute("GRANT INSERT ON ledger_purchase TO clerk")
        cursor.execute("GRANT USAGE ON SEQUENCE ledger_purchase_id_seq TO clerk; SET LOCAL ROLE clerk")
        cursor.execute("INSERT INTO ledger_purchase (status, total, details) VALUES ('OPEN', 1, '{}')")
        cursor.execute("RESET ROLE")
    assert len(started()) == 1


def test_reversed_it_leaves_nothing(fulfil):
    apply(when_inserted())
    apply(when_inserted(), backwards=True)
    Purchase.objects.create()
    assert started() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'start_ledger%'")
        assert cursor.fetchone() == (0,)


def test_removal_is_the_reverse(fulfil):
    options = {"on": "insert", "kwargs": {"purchase_id": F("pk")}}
    apply(when_inserted())
    removal = RemoveStartWorkflowOn("ledger.Purchase", "ledger.fulfil", **options)
    apply(removal)
    Purchase.objects.create()
    assert started() == []
    apply(removal, backwards=True)
    Purchase.objects.create()
    assert len(started()) == 1


def test_written_migration_reads_back():
    class WithTrigger(Migration):
        operations = [when_paid(key=F("pk"), name="paid")]

    text = MigrationWriter(WithTrigger("0002_paid", "ledger"), include_header=False).as_string()
    namespace = {}
    exec(text, namespace)
    (operation,) = namespace["Migration"].operations
    assert vars(operation) | {"_constructor_args": ()} == vars(WithTrigger.operations[0]) | {"_constructor_args": ()}
    assert operation.describe() == "Start ledger.fulfil on update of ledger.Purchase"
    assert operation.migration_name_fragment == "paid"


def test_default_name_fits_and_tells():
    assert when_paid().name == "start_ledger_fulfil_on_ledger_purchase_update"
    long = StartWorkflowOn("ledger.Purchase", "ledger." + "x" * 80, on="insert")
    assert len(long.name) == 63


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on": "delete"}, "StartWorkflowOn(on='delete'): it is 'insert' or 'update'."),
        ({"on": "update"}, "StartWorkflowOn(on='update') needs when=: the workflow starts when that becomes true."),
    ],
)
def test_options_that_cannot_be_meant(options, message):
    with pytest.raises(ValueError, match="StartWorkflowOn") as raised:
        StartWorkflowOn("ledger.Purchase", "ledger.fulfil", **options)
    assert str(raised.value) == message


CALL = "StartWorkflowOn('ledger.Purchase', 'ledger.fulfil'): "


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"when": Q(paid=True)}, CALL + "when: Cannot resolve keyword 'paid' into field. Choices are: "),
        ({"when": Q(buyer__name="x")}, CALL + "when: Joined field references are not permitted in this query"),
        ({"kwargs": {"a": F("buyer__name")}}, CALL + "kwargs['a']: Joined field references are not permitted"),
        ({"kwargs": {"a": F("nothing")}}, CALL + "kwargs['a']: Cannot resolve keyword 'nothing' into field."),
        ({"kwargs": {"a": Decimal(1)}}, CALL + "kwargs['a']: Object of type Decimal is not JSON serializable"),
        ({"key": F("nothing")}, CALL + "key: Cannot resolve keyword 'nothing' into field."),
        ({"when": Q(pk__in=Purchase.objects.all())}, CALL + "when: a trigger sees the columns of its own row only"),
    ],
)
def test_what_a_trigger_cannot_see(options, message):
    with pytest.raises(ValueError, match="StartWorkflowOn") as raised:
        apply(when_inserted(**options))
    assert str(raised.value).startswith(message)


@pytest.mark.django_db
def test_unknown_model_is_named():
    with pytest.raises(ValueError, match="StartWorkflowOn") as raised:
        apply(StartWorkflowOn("ledger.Nothing", "ledger.fulfil", on="insert"))
    assert str(raised.value).startswith("StartWorkflowOn('ledger.Nothing', 'ledger.fulfil'): App 'ledger' doesn't have a")


@pytest.mark.django_db
def test_unmigrated_pgworkflows_is_named():
    with connection.cursor() as cursor:
        cursor.execute("ALTER SCHEMA pgworkflows RENAME TO elsewhere")
    with pytest.raises(ValueError, match="Add \\('pgworkflows', '0002_functions_and_guards'\\) to the migration's dependencies"):
        apply(when_inserted())


@pytest.mark.django_db
def test_sqlmigrate_shows_the_trigger():
    state = ProjectState.from_apps(apps)
    with connection.schema_editor(collect_sql=True) as editor:
        when_paid().database_forwards("ledger", editor, state, state)
    (text,) = editor.collected_sql
    condition = """("new"."status" = 'PAID') AND ("old"."status" = 'PAID') IS NOT TRUE"""
    assert f"FOR EACH ROW WHEN ({condition})" in text
