"""Binding a call's arguments to a signature, and converting plain JSON by annotations."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError

from ..values.coercion import coerce

Arguments = dict[str, Any]


def checked_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature; refuse parameters that could not be stored by name."""
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(
                f"{function.__qualname__}: parameter {parameter} has no name to be stored under. "
                "Use plain named parameters; pass a list or a dict for a varying number."
            )
    return signature


def bind(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Arguments) -> Arguments:
    """Bind to names, defaults included; raise TypeError naming what is missing or unknown."""
    names = signature.parameters
    if not kwargs and len(args) == len(names):  # as most calls are; binding is most of what calling a step costs
        return dict(zip(names, args, strict=True))
    if not args and kwargs.keys() == names.keys():
        return {name: kwargs[name] for name in names}
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{name}{signature}: {error}.") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def defaults(signature: inspect.Signature) -> Arguments:
    """Return the parameters that have a default, with it."""
    return {p.name: p.default for p in signature.parameters.values() if p.default is not p.empty}


def convert(name: str, function: Callable[..., Any], signature: inspect.Signature, plain: Arguments) -> Arguments:
    """Convert arguments that came as plain JSON by the parameters' annotations; raise TypeError naming the argument."""
    bound = bind(name, signature, (), plain)
    hints = typing.get_type_hints(function)
    converted = {}
    for parameter, value in bound.items():
        try:
            converted[parameter] = coerce(value, hints.get(parameter, Any)) if parameter in plain else value
        except (ValueError, TypeError, ArithmeticError, ValidationError) as error:  # the last from a model's key
            raise TypeError(f"{name}: argument {parameter!r} cannot be read as {hints[parameter]}: {error}") from error
    return converted
