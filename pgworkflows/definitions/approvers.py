"""Resolvers: code that finds who has to be asked, by the name that a policy's stage gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .registry import registry

#: Takes the subject (its fresh row, or None) and the requester (a user, or None); returns users.
Resolver = Callable[[Any, Any], Iterable[Any]]


def approvers(name: str) -> Callable[[Resolver], Resolver]:
    """Register a function (subject, requester) -> users under a name for policies; it runs when a stage opens.

    It may query the database. Nobody, or an exception, leads to the policy's fallback group.
    """
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"@approvers takes the name that a policy's stage will use, not {name!r}.")

    def register(function: Resolver) -> Resolver:
        registry.resolvers[name] = function
        return function

    return register
