"""What is stored comes back as it was."""

import copy
import dataclasses
import datetime
import enum
import json
import pickle
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgworkflows import QueryInBody
from pgworkflows.definitions.encoding import ModelReference, dump, load, with_rows
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
