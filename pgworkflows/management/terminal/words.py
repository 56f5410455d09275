"""Reading what somebody typed: JSON, ages, numbers."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def json_value(text: str) -> Any:
    """Read JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not JSON: {error}") from error


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object."""
    value = json_value(text)
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"""{text!r} is not a JSON object, such as '{{"order_id": 7}}'""")
    return value


def age(text: str) -> timedelta:
    """Read a length of time: a whole number and d, h, m or s."""
    match = re.fullmatch(r"(\d{1,6})([dhms])", text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is no length of time, such as 90d, 12h, 30m or 45s")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def positive(text: str) -> int:
    """Read a whole number of one or more."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number


def count(text: str) -> int:
    """Read a whole number of zero or more."""
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)
