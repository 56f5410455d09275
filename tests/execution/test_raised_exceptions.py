"""What a step raises is what its body catches, in all that it carries; or it is StepFailed."""

import dataclasses
import datetime
import json
from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError

from pgworkflows import StepFailed, SubjectChanged, sleep, step, workflow
from pgworkflows.execution.errors import describe, rebuild
from pgworkflows.models import Workflow
from tests.ledger.models import Account


class DeclinedError(Exception):
    def __init__(self, message, code=None, retryable=True):
        super().__init__(message)
        self.code, self.retryable = code, retryable


class KeywordOnlyError(Exception):
    def __init__(self, *, reason="unknown"):
        super().__init__()
        self.reason = reason


class NeedsKeywordError(Exception):
    def __init__(self, *, reason):
        super().__init__(reason)


class SlottedError(Exception):
    __slots__ = ("code",)

    def __init__(self, code=0):
        super().__init__()
        self.code = code


class ReshapedError(Exception):
    def __init__(self, order, total):
        super().__init__(f"order {order} of {total}")
        self.order, self.total = order, total

    def __reduce__(self):
        return type(self), (self.order, self.total)


class CountingError(Exception):
    made = 0

    def __init__(self, *args):
        type(self).made += 1
        super().__init__(*args)
        self.number = self.made

    def __str__(self):
        return f"number {self.number}"


class MoodyError(Exception):
    moods = iter(range(1000))

    def __str__(self):
        return f"mood {next(self.moods)}"


def noted():
    error = ValueError("bad")
    error.add_note("order 7")
    return error


def with_field(error, **fields):
    for name, value in fields.items():
        setattr(error, name, value)
    return error


def caused(error, cause):
    error.__cause__ = cause
    return error


def carried(error):
    said = sorted(str(error))  # jsonb keeps no order of keys
    return type(error), error.args, said, vars(error), error.__cause__ and carried(error.__cause__)


def again(error):
    return rebuild(describe(error), step="s", attempts=1)


def unreadable():
    try:
        json.loads("{")
    except ValueError as error:
        return error


SAME = {
    "code": DeclinedError("no", code="insufficient_funds", retryable=False),
    "keyword": KeywordOnlyError(reason="limit"),
    "field": with_field(ValueError("x"), amount=Decimal("1.50"), due=datetime.date(2030, 1, 2), items=[{"a": 1}]),
    "note": noted(),
    "file": FileNotFoundError(2, "No such file", "/x"),
    "json": unreadable(),
    "import": ImportError("no", name="a", path="/a"),
    "reduced": ReshapedError(7, Decimal("2.5")),
    "counting": CountingError("x"),
    "cause": caused(DeclinedError("outer", code=1), caused(ValueError("inner"), KeyError("innermost"))),
    "does not exist": Account.DoesNotExist("no account"),
    "mapping": SubjectChanged("shop.order 7", {"total": ["5", "6"], "lines": [[{"sku": "a", "quantity": 1}], []]}),
    "dollar field": with_field(ValueError("x"), **{"$decimal": "1"}),
}


@pytest.mark.parametrize("name", SAME)
def test_exception_comes_back_with_all_that_it_carries(name):
    assert carried(again(SAME[name])) == carried(SAME[name])


@dataclasses.dataclass
class Money:
    amount: int


OTHER = {
    "a lock as a field": with_field(ValueError("x"), lock=object()),
    "a field that is no JSON": with_field(ValueError("x"), reply=b"raw"),
    "slots": SlottedError(5),
    "another text each time": MoodyError(),
    "a group": ExceptionGroup("several", [ValueError("a")]),
    "bytes": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
    "a field that validates": ValidationError({"email": ["taken"]}, code="unique"),
    "a keyword that is needed": NeedsKeywordError(reason="x"),
    "a tuple of objects": ValueError(Money(1), Money),
}


@pytest.mark.parametrize("name", OTHER)
def test_exception_that_cannot_come_back_is_step_failed(name):
    made = again(OTHER[name])
    assert type(made) is StepFailed
    assert made.type.endswith(type(OTHER[name]).__name__)


def test_cause_that_cannot_come_back_is_told():
    made = again(caused(IntegrityError("taken"), OTHER["slots"]))
    assert (type(made), type(made.__cause__)) == (IntegrityError, StepFailed)
    assert made.__cause__.type.endswith("SlottedError")


def test_causes_that_go_in_a_circle_end():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert str(again(one).__cause__) == "two"


def test_row_in_an_exception_is_a_reference(db):
    account = Account.objects.create(name="a")
    made = again(DeclinedError(account, code=account))
    assert type(made) is DeclinedError
    assert (made.args, made.code) == ((account,), account)


def test_nothing_is_imported_to_make_an_exception():
    recorded = json.loads(describe(ValueError("x"))) | {"type": "antigravity:Error"}
    assert type(rebuild(json.dumps(recorded), step="s", attempts=1)) is StepFailed


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("name", ["code", "note", "cause", "slots"])
def test_body_sees_the_same_first_and_on_replay(pgworkflows, atomic, name):
    error, seen = (SAME | OTHER)[name], []

    @step(name="raises", atomic=atomic)
    def raises() -> None:
        raise error

    @workflow
    def body() -> None:
        try:
            raises()
        except (DeclinedError, StepFailed, ValueError) as caught:
            seen.append(carried(caught))
        sleep(5)

    body.start()
    pgworkflows.run_workflows()
    pgworkflows.move_clock(datetime.timedelta(seconds=6))
    pgworkflows.run_workflows()
    assert Workflow.objects.get().status == "COMPLETED"
    assert len(seen) == 2
    assert seen[0] == seen[1]
    if name in SAME:
        assert seen[0] == carried(error)


@pytest.mark.django_db
def test_django_s_own_is_caught_by_its_class(pgworkflows):
    @step(name="reads")
    def reads() -> None:
        Account.objects.get(name="nobody")

    @workflow
    def body() -> str:
        try:
            reads()
        except ObjectDoesNotExist as error:
            return type(error).__qualname__
        return "found"

    started = body.start()
    pgworkflows.run_workflows()
    assert started.wait(1) == "Account.DoesNotExist"
