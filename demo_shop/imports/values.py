"""Reading single values; each function raises BadValue."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from demo_shop.imports.problems import BadValue

# What an address of the shop may contain.
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")
LARGEST_AMOUNT = Decimal(10_000_000)
LARGEST_COUNT = 1_000_000


def text(values: dict[str, str], name: str, *, longest: int) -> str:
    """Return a text that is not empty."""
    value = values[name]
    if not value:
        raise BadValue(f"{name} is empty")
    if len(value) > longest:
        raise BadValue(f"{name} has {len(value)} characters, more than {longest}")
    return value


def identifier(values: dict[str, str], name: str, *, longest: int = 30) -> str:
    """Return a text of plain letters, digits, dashes and underscores."""
    value = text(values, name, longest=longest)
    if not IDENTIFIER.fullmatch(value):
        raise BadValue(f"{name} {value!r} may have only plain letters, digits, '-' and '_'")
    return value


def amount(values: dict[str, str], name: str) -> Decimal:
    """Return an amount of money, as exact as it is written."""
    value = _number(values, name)
    if value < 0:
        raise BadValue(f"{name} {values[name]!r} is negative")
    if value >= LARGEST_AMOUNT:
        raise BadValue(f"{name} {values[name]!r} is too large")
    return value


def fraction(values: dict[str, str], name: str) -> Decimal:
    """Return a fraction of 1, to four places."""
    value = _number(values, name)
    if not 0 <= value <= 1:
        raise BadValue(f"{name} {values[name]!r} is not between 0 and 1")
    return round(value, 4)


def count(values: dict[str, str], name: str, *, least: int) -> int:
    """Return a whole number."""
    value = values[name]
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", value):
        raise BadValue(f"{name} {value!r} is not a whole number")
    if not least <= int(value) <= LARGEST_COUNT:
        raise BadValue(f"{name} {value!r} is not between {least} and {LARGEST_COUNT}")
    return int(value)


def day(values: dict[str, str], name: str) -> date:
    """Return a date written as YYYY-MM-DD."""
    value = values[name]
    try:
        return date.fromisoformat(value)
    except ValueError as problem:
        raise BadValue(f"{name} {value!r} is not a date such as 1996-07-04") from problem


def _number(values: dict[str, str], name: str) -> Decimal:
    value = values[name]
    try:
        number = Decimal(value)
    except InvalidOperation as problem:
        raise BadValue(f"{name} {value!r} is not a number") from problem
    if not number.is_finite():
        raise BadValue(f"{name} {value!r} is not a number")
    return number
