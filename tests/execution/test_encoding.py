"""What is stored comes back as it was."""

import copy
import dataclasses
import datetime
import enum
import json
import pickle
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgworkflows import NotStorable, QueryInBody
from pgworkflows.values.encoding import ModelReference, digest, dump, load, with_rows
from pgworkflows.values.plain import plain
from tests.ledger.models import Account


class Size(enum.Enum):
    SMALL = 1
    LARGE = "l"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    content: object
    size: Size = Size.SMALL


class Label(str):
    """Text with a name of its own."""


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(allow_nan=False)
zone = st.timezones() | st.none()
times = st.datetimes() | st.dates() | st.times() | st.timedeltas()
scalars = st.none() | st.booleans() | text | numbers | times | st.uuids() | st.sampled_from([*Size, *Level, Rights(3), Rights(0)])
keys = text | st.just("$decimal")
values = st.recursive(scalars, lambda v: st.lists(v) | st.dictionaries(keys, v) | st.builds(Parcel, v), max_leaves=12)


def through_postgres(stored: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [stored])
        return cursor.fetchone()[0]


def shape(value):
    """Return what equality does not tell: types, order, the sign of zero."""
    if isinstance(value, dict):
        return [(key, shape(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [shape(item) for item in value]
    if isinstance(value, Parcel):
        return Parcel, shape(value.content)
    return type(value), repr(value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_values_come_back_from_jsonb(db, value):
    stored = dump(value, "it")
    assert load(stored) == value
    assert shape(load(through_postgres(stored))) == shape(load(stored))


@pytest.mark.parametrize("value", [1e16, 1e23, 1.5e308, -0.0, 5e-324, 10**40, Decimal("1E+5"), datetime.timedelta.max])
def test_numbers_keep_their_kind(db, value):
    back = load(through_postgres(dump(value, "it")))
    assert (back, type(back), repr(back)) == (value, type(value), repr(value))


def test_keys_of_users_are_escaped():
    value = {"$decimal": "1", "$$x": {"$uuid": 1}, "$": 2}
    assert load(dump(value, "it")) == value
    assert json.loads(dump({"$decimal": "1"}, "it")) == {"$$decimal": "1"}


def test_tuples_come_back_as_lists():
    assert load(dump((1, (2,)), "it")) == [1, [2]]


def test_text_of_another_class_is_text():
    assert type(load(dump(Label("x"), "it"))) is str
    assert load(dump({Label("x"): 1}, "it")) == {"x": 1}


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2030, 7, 1, 12, tzinfo=BERLIN),
        datetime.datetime(2030, 10, 27, 2, 30, tzinfo=BERLIN),
        datetime.datetime(2030, 10, 27, 2, 30, fold=1, tzinfo=BERLIN),
        datetime.datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC")),
        datetime.datetime(1890, 1, 1, tzinfo=BERLIN),
        datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
        datetime.datetime(2030, 1, 1, 0, 0, 0, 1),
    ],
)
def test_moment_keeps_its_zone(db, moment):
    back = load(through_postgres(dump(moment, "it")))
    assert (back.replace(tzinfo=None), back.tzinfo, back.fold) == (moment.replace(tzinfo=None), moment.tzinfo, moment.fold)
    assert back + datetime.timedelta(days=90) == moment + datetime.timedelta(days=90)
    assert plain(json.loads(dump(moment, "it"))) == moment.isoformat()


class Cents(int):
    """A whole number that would come back as another class."""


class Price(Decimal):
    """The same of a Decimal."""


class Moment(datetime.datetime):
    """The same of a moment."""


class Rate(float):
    """The same of a float."""


class Summer(datetime.tzinfo):
    def utcoffset(self, _):
        return datetime.timedelta(hours=2)


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Price("1.5"), r"is a Price, and would come back as Decimal. Pass that."),
        (Cents(5), r"is a Cents, and would come back as int. Pass that."),
        (Rate(5), r"is a Rate, and would come back as float. Pass that."),
        (Moment(2030, 1, 1), r"is a Moment, and would come back as datetime. Pass that."),
        (datetime.datetime(2030, 1, 1, tzinfo=Summer()), "its time zone .* would come back as another"),
        (datetime.time(12, tzinfo=BERLIN), "its time zone .* would come back as another"),
        (datetime.datetime(2030, 3, 31, 2, 30, tzinfo=BERLIN), "02:30:00.01:00 is skipped by the clocks of Europe/Berlin"),
        ({Colour.RED: 1}, "the key .*RED.* is not text"),
        ({1: 2}, "the key 1 is not text"),
        ([{"a": Price(1)}], "would come back as Decimal"),
    ],
)  # fmt: skip
def test_what_would_come_back_as_something_else_is_refused(value, told):
    with pytest.raises(NotStorable, match=told):
        dump(value, "it")


@pytest.mark.parametrize("value", [Colour.RED, {"a": Level.LOW}, Decimal("-0"), Decimal("Infinity"), Decimal("1.50")])
def test_members_and_decimals_keep_their_kind(db, value):
    back = load(through_postgres(dump(value, "it")))
    assert (type(back), repr(back)) == (type(value), repr(value))


@dataclasses.dataclass
class Counted:
    name: str
    seen: int = dataclasses.field(default=0, init=False)


def test_fields_that_are_set_later_come_back(db):
    value = Counted("a")
    value.seen = 5
    assert load(through_postgres(dump(value, "it"))) == value


def test_frozen_time_is_stored(monkeypatch):
    """As freezegun does it: the name stands for a class of its own."""
    monkeypatch.setattr(datetime, "datetime", Moment)
    assert json.loads(dump(Moment(2030, 1, 1), "it")) == {"$datetime": "2030-01-01T00:00:00"}


def test_reference_is_class_and_key(db):
    account = Account.objects.create(name="a")
    reference = load(dump(account, "it"))
    assert isinstance(reference, Account)
    assert reference == account
    assert account == reference
    assert repr(reference) == f"<ledger.Account {account.pk}>"
    for touch in (lambda: reference.name, lambda: setattr(reference, "name", "b"), lambda: reference.save()):
        with pytest.raises(QueryInBody):
            touch()


def test_reference_can_be_copied_and_pickled(db):
    account = Account.objects.create(name="a")
    reference = load(dump(account, "it"))
    for made in (copy.copy(reference), copy.deepcopy(reference), pickle.loads(pickle.dumps(reference))):
        assert type(made) is ModelReference
        assert made == reference


def test_rows_inside_of_anything_are_fetched(db):
    account = Account.objects.create(name="a")
    found = with_rows(load(dump({"in": [Parcel(account)]}, "it")))
    assert type(found["in"][0].content) is Account
    assert found["in"][0].content.name == "a"


def test_equal_values_have_one_digest():
    assert digest({"a": Decimal("1.50"), "b": [1]}, "it") == digest({"b": (1,), "a": Decimal("1.50")}, "it")
    assert digest({"a": 1}, "it") != digest({"a": "1"}, "it")
