"""Converting one plain JSON value to what an annotation asks for."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils import dateparse

from .encoding import ModelReference

_SCALARS: dict[Any, Callable[[Any], Any]] = {
    decimal.Decimal: lambda v: decimal.Decimal(str(v)),
    uuid.UUID: lambda v: uuid.UUID(str(v)),
    datetime.datetime: lambda v: _parsed(dateparse.parse_datetime(v), v),
    datetime.date: lambda v: _parsed(dateparse.parse_date(v), v),
    datetime.time: lambda v: _parsed(dateparse.parse_time(v), v),
    datetime.timedelta: lambda v: (
        datetime.timedelta(seconds=v) if isinstance(v, int | float) else _parsed(dateparse.parse_duration(v), v)
    ),
}


def _parsed(value: Any, text: Any) -> Any:
    if value is None:
        raise ValueError(f"{text!r} has the wrong form")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value


def coerce(value: Any, wanted: Any) -> Any:
    """Return the value as the annotation's type; raise ValueError or TypeError where it does not fit."""
    origin = typing.get_origin(wanted)
    if wanted is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _coerce_union(value, typing.get_args(wanted))
    if origin is not None:
        return _coerce_generic(value, origin, typing.get_args(wanted))
    if typing.is_typeddict(wanted):
        hints = typing.get_type_hints(wanted)
        return {key: coerce(item, hints.get(key, Any)) for key, item in _object(value).items()}
    if not isinstance(wanted, type):
        return value
    if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is int):
        return value
    return _coerce_class(value, wanted)


def _coerce_union(value: Any, choices: tuple[Any, ...]) -> Any:
    if value is None and type(None) in choices:
        return None
    exact = [choice for choice in choices if choice is type(value)]
    for choice in exact or choices:
        try:
            return coerce(value, choice)
        except (ValueError, TypeError, ArithmeticError):
            continue
    raise ValueError(f"{value!r} is none of {', '.join(str(c) for c in choices)}")


def _coerce_generic(value: Any, origin: Any, parameters: tuple[Any, ...]) -> Any:
    if origin is typing.Literal:
        if value not in parameters:
            raise ValueError(f"{value!r} is none of {parameters!r}")
        return value
    if isinstance(origin, type) and issubclass(origin, dict):
        return {key: coerce(item, parameters[1]) for key, item in _object(value).items()}
    if isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset):
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is not an array")
        kinds = parameters if origin is tuple and parameters[-1] is not Ellipsis else (parameters[0],) * len(value)
        return [coerce(item, kind) for item, kind in zip(value, kinds, strict=True)]
    return value


def _coerce_class(value: Any, wanted: type) -> Any:
    if isinstance(value, ModelReference) and issubclass(wanted, value.model):
        return value
    if issubclass(wanted, models.Model):
        return ModelReference(wanted, wanted._meta.pk.to_python(value))
    if issubclass(wanted, enum.Enum):
        return wanted(value)
    if dataclasses.is_dataclass(wanted):
        hints = typing.get_type_hints(wanted)
        return wanted(**{key: coerce(item, hints.get(key, Any)) for key, item in _object(value).items()})
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted in _SCALARS and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _SCALARS[wanted](value)
    if wanted in _SCALARS or wanted in (str, int, float, bool, list, dict, type(None)):
        raise TypeError(f"{value!r} is not {wanted.__name__}")
    return value
