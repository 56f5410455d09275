"""Starting: options, arguments, keys, and what comes from SQL."""

import dataclasses
import enum
import math
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_init
from django.utils import timezone

from pgworkflows import KeyConflict, NotStorable, workflow
from pgworkflows.models import Workflow
from pgworkflows.store.definitions import write_definition
from tests.ledger.models import Account


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Line:
    sku: str
    price: Decimal
    colour: Colour | None = None


class Address(TypedDict):
    city: str
    since: date


@workflow(name="tests.pay")
def pay(order_id: int, note: str = "") -> int:
    """Declare again in each test, which forgets it."""
    return order_id


@pytest.fixture(autouse=True)
def declared(forget_definitions):
    from pgworkflows.definitions.registry import registry

    registry.add_workflow(pay)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: pay.start(), "missing a required argument: 'order_id'."),
        (lambda: pay.start(1, orders=2), "got an unexpected keyword argument 'orders'."),
        (lambda: pay.start(1, "x", 3), "too many positional arguments."),
        (lambda: pay.start(1, order_id=2), "multiple values for argument 'order_id'."),
        (lambda: pay.start_many([{"note": "x"}]), "missing a required argument: 'order_id'."),
    ],
)
def test_wrong_arguments_are_named(pgworkflows, call, told):
    with pytest.raises(TypeError) as error:
        call()
    assert str(error.value) == f"tests.pay(order_id: int, note: str = '') -> int: {told}"
    assert not Workflow.objects.exists()


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "nan is not a number that JSON knows."),
        (-math.inf, "-inf is not a number that JSON knows."),
        ("a\x00", "its text holds a NUL character, which PostgreSQL does not store."),
        ({"k\x00": 1}, "its text holds a NUL character, which PostgreSQL does not store."),
        (["\ud800"], "its text holds half of a surrogate pair, which is not valid Unicode."),
        ({1: 2}, "the key 1 is not text."),
        ("x" * 1_000_001, "it is larger than MAX_PAYLOAD_BYTES (1000000). Store it in a row and pass that."),
        (Account(name="new"), "the ledger.Account has not been saved yet. Save it first."),
        (LOOP, "it contains itself, or is nested too deeply."),
    ],
    ids=str,
)
def test_unstorable_arguments_are_named(pgworkflows, value, told):
    with pytest.raises(NotStorable) as error:
        pay.start(1, value)
    assert str(error.value) == f"tests.pay: argument 'note' cannot be stored: {told}"
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"colour": 1}, r"tests.pay.using\(\) got colour; it takes attributes, key, priority, "),
        ({"priority": 101}, "priority 101 is not between -100 and 100."),
        ({"run_after": datetime(2030, 1, 1)}, "has no time zone"),
        ({"key": ""}, "key must be text that is not empty, not ''."),
        ({"key": "\x00"}, "the key cannot be stored: its text holds a NUL"),
        ({"queue": ""}, "queue must be text that is not empty, not ''."),
        ({"queue": 5}, "queue must be text that is not empty, not 5."),
        ({"timeout": -1}, r"tests.pay.using\(timeout=\) must be a length of time from zero to a hundred years, not -1."),
        ({"timeout": "1"}, r"tests.pay.using\(timeout=\) must be a timedelta or a number of seconds, not '1'."),
        ({"subject": Account()}, "has not been saved yet. Save it first."),
    ],
)
def test_wrong_options_are_refused(options, told):
    with pytest.raises((TypeError, ValueError, NotStorable), match=told):
        pay.using(**options)


def test_compensate_on_must_be_exceptions():
    with pytest.raises(TypeError, match="compensate_on must be a tuple of exception classes"):
        workflow(name="tests.x", compensate_on=[ValueError])(lambda: None)


def test_options_reach_the_row(pgworkflows, django_user_model):
    ann = django_user_model.objects.create_user("ann")
    account = Account.objects.create(name="a")
    due = timezone.now() + timedelta(days=1)
    options = {"queue": "slow", "priority": 7, "key": "k", "run_after": due, "timeout": timedelta(hours=1)}
    started = pay.using(subject=account, requested_by=ann, attributes={"vip": True}, **options).start(5)
    stored = Workflow.objects.get()
    for row in (started, stored):
        assert (row.queue, row.priority, row.key, row.available_at) == ("slow", 7, "k", due)
        assert (row.deadline, row.requested_by, row.attributes) == (due + timedelta(hours=1), ann, {"vip": True})
        assert (row.subject_label, row.subject_id, row.kwargs) == ("ledger.account", str(account.pk), {"order_id": 5, "note": ""})
    assert pay.key is None
    assert stored.subject == account
    assert pgworkflows.run_workflows().batches == 0


def test_key_is_free_once_its_run_does_not_hold_it(db):
    first = pay.using(key="k").start(1)
    assert pay.using(key="k").start(1).pk == first.pk
    Workflow.objects.filter(pk=first.pk).update(holds_key=False)
    second = pay.using(key="k").start(2)
    assert (second.created, second.holds_key) == (True, True)
    assert pay.using(key="k").start(2).pk == second.pk


def test_key_of_an_ended_run_warns(pgworkflows, caplog):
    @workflow(name="tests.once")
    def once() -> None: ...

    keyed = once.using(key="k")
    first, again = keyed.start(), keyed.start()
    assert (first.created, again.created, again.pk) == (True, False, first.pk)
    assert not caplog.messages
    pgworkflows.run_workflows()
    third = keyed.start()
    assert (third.created, third.pk, third.status) == (False, first.pk, "COMPLETED")
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"tests.once: the start under key 'k' gave back workflow {first.pk}, which is COMPLETED, and began nothing. "
        "Use another key to run it once more."
    ]


def test_one_key_gives_one_row(pgworkflows):
    keyed = pay.using(key="k")
    assert keyed.start(1).pk == keyed.start(order_id=1, note="").pk
    with pytest.raises(KeyConflict) as error:
        keyed.start(2)
    assert str(error.value) == (
        f"Key 'k' of tests.pay belongs to workflow {Workflow.objects.get().pk} with arguments {{'note': '', 'order_id': 1}}, "
        "but was used again with {'order_id': 2, 'note': ''}. Use another key, or the same arguments."
    )
    assert Workflow.objects.count() == 1


def test_many_are_started_in_order(pgworkflows):
    started = pay.start_many({"order_id": n} for n in range(1500))
    assert [row.kwargs["order_id"] for row in started] == list(range(1500))
    assert Workflow.objects.count() == 1500
    assert list(pay.start_many([])) == []


def test_row_of_a_start_is_the_stored_one(pgworkflows, django_user_model):
    options = {"subject": Account.objects.create(name="a"), "requested_by": django_user_model.objects.create_user("ann")}
    later = {"run_after": timezone.now() + timedelta(days=1), "timeout": 60, "attributes": {"vip": True}, "queue": "slow"}
    for started in (
        pay.start(1),
        pay.using(key="k", **options, **later).start(1),
        pay.using(**options).start_many([{"order_id": 1}])[0],
    ):
        stored = Workflow.objects.get(pk=started.pk)
        columns = [field.attname for field in Workflow._meta.concrete_fields]
        assert [(name, getattr(started, name)) for name in columns] == [(name, getattr(stored, name)) for name in columns]
        assert started.created


def test_rows_of_many_are_made_when_looked_at(pgworkflows):
    made = []
    with signals_of(post_init, Workflow, made):
        started = pay.start_many([{"order_id": n} for n in range(3)])
        assert (len(started), len(made)) == (3, 0)
        assert started[1] is started[-2]
        assert len(made) == 1
    assert [row.kwargs["order_id"] for row in started[1:]] == [1, 2]
    with pytest.raises(IndexError):
        started[3]


@pytest.mark.parametrize("key", [None, "k"])
def test_none_of_many_begins_before_all_can_be_stored(pgworkflows, key):
    with pytest.raises(NotStorable):
        pay.using(key=key).start_many([{"order_id": 1}, {"order_id": math.nan}])
    assert not Workflow.objects.exists()


def test_rolled_back_start_never_was(pgworkflows):
    with transaction.atomic():
        pay.start(1)
        transaction.set_rollback(True)
    assert not Workflow.objects.exists()


@contextmanager
def signals_of(signal, sender, made):
    def note(**_):
        made.append(1)

    signal.connect(note, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(note, sender=sender)


def start_in_sql(definition, kwargs):
    """Start as psql does."""
    write_definition(definition)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgworkflows.start(%s, %s::jsonb)", [definition.name, kwargs])
        return Workflow.objects.get(pk=cursor.fetchone()[0])


def test_plain_json_becomes_what_is_annotated(pgworkflows):
    seen = {}

    @workflow(name="tests.typed")
    def typed(
        price: Decimal, day: date, at: datetime, pause: timedelta, token: UUID, colour: Colour, line: Line,
        lines: list[Line], account: Account, home: Address, maybe: int | None, either: Decimal | str,
        number: float | int, free, default: Line = Line("d", Decimal(1)),
    ) -> None:  # fmt: skip
        seen.update(locals())

    account = Account.objects.create(name="a")
    line = '{"sku": "x", "price": "1.50", "colour": "red"}'
    start_in_sql(
        typed,
        f'{{"price": 12.5, "day": "2026-01-31", "at": "2026-01-31T10:00:00Z", "pause": 90, "line": {line}, '
        f'"token": "00000000-0000-0000-0000-000000000007", "colour": "red", "lines": [{line}], "account": {account.pk}, '
        '"home": {"city": "Rome", "since": "2020-01-01"}, "maybe": null, "either": "abc", "number": 5, "free": {"$uuid": 1}}',
    )
    pgworkflows.run_workflows()
    one = Line("x", Decimal("1.50"), Colour.RED)
    assert {k: v for k, v in seen.items() if k not in ("account", "seen")} == {
        "price": Decimal("12.5"), "day": date(2026, 1, 31), "at": datetime(2026, 1, 31, 10, tzinfo=UTC),
        "pause": timedelta(seconds=90), "token": UUID(int=7), "colour": Colour.RED, "line": one, "lines": [one],
        "home": {"city": "Rome", "since": date(2020, 1, 1)}, "maybe": None, "either": "abc", "number": 5,
        "free": {"$uuid": 1}, "default": Line("d", Decimal(1)),
    }  # fmt: skip
    assert seen["account"].pk == account.pk
    assert type(seen["number"]) is int


@pytest.mark.parametrize(
    ("annotation", "plain"),
    [(int, '"x"'), (int, "true"), (Decimal, '"x"'), (date, '"x"'), (Colour, '"blue"'), (Line, '{"sku": 1}'), (list[int], "{}"),
     (Address, "5"), (int | None, '"x"'), (UUID, "[]")],
)  # fmt: skip
def test_unfit_json_fails_naming_the_argument(pgworkflows, annotation, plain):
    def body(value) -> None:
        """Never run."""

    body.__annotations__["value"] = annotation
    started = start_in_sql(workflow(name="tests.unfit")(body), f'{{"value": {plain}}}')
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.status == "FAILED"
    assert started.error["message"].startswith("tests.unfit: argument 'value' cannot be read as "), started.error["message"]
