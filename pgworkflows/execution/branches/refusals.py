"""What cannot be a branch, refused by name before any begins."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from ...definitions.step import Step
from ...exceptions import TooManyBranches

#: More branches are children's work.
MOST_BRANCHES = 10_000


def check_branches(verb: str, branches: Sequence[Any]) -> None:
    """Raise what is wrong with them."""
    if len(branches) > MOST_BRANCHES:
        raise TooManyBranches(verb, len(branches), MOST_BRANCHES)
    for number, branch in enumerate(branches, 1):
        _check_branch(f"{verb}(): branch {number}", branch)
    _check_binding(verb, branches)


def check_at_most(verb: str, at_most: Any) -> None:
    """Raise ValueError for a bound that is no number of branches."""
    if at_most is not None and (isinstance(at_most, bool) or not isinstance(at_most, int) or at_most < 1):
        raise ValueError(f"{verb}(at_most={at_most!r}) must be a number of branches, 1 or more, or None.")


def _check_branch(what: str, branch: Any) -> None:
    called = getattr(branch, "func", branch)
    if inspect.isawaitable(branch) or inspect.iscoroutinefunction(called):
        if inspect.iscoroutine(branch):
            branch.close()
        raise TypeError(f"{what} is a coroutine. Bodies are plain functions: make it an `async def` step with atomic=False.")
    if not callable(branch):
        raise TypeError(
            f"{what} is {branch!r:.100}, which cannot be called: the call was made already. Say partial(step, ...) in its place."
        )
    function, args, kwargs = _unfolded(branch)
    signature = function.signature if isinstance(function, Step) else _signature(function)
    try:
        if signature is not None:
            signature.bind(*args, **kwargs)
    except TypeError as error:
        name = getattr(function, "name", None) or getattr(function, "__qualname__", repr(function))
        raise TypeError(f"{what}, {name}, takes arguments ({error}). Say partial({name}, ...).") from None


def _unfolded(branch: Callable[..., Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    if isinstance(branch, partial):
        return branch.func, branch.args, branch.keywords
    return branch, (), {}


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # what is written in C does not tell
        return None


def _check_binding(verb: str, branches: Sequence[Any]) -> None:
    """Refuse one lambda of a loop several times: all of them would see the loop's last value."""
    seen: dict[object, FunctionType] = {}
    for number, branch in enumerate(branches, 1):
        if not isinstance(branch, FunctionType) or not branch.__closure__:
            continue
        key = branch.__code__, tuple(map(id, branch.__closure__)), tuple(map(id, branch.__defaults__ or ()))
        if seen.setdefault(key, branch) is not branch:
            names = ", ".join(branch.__code__.co_freevars)
            raise ValueError(
                f"{verb}(): branch {number} is a function that a loop made before, and looks at the same variables ({names}): "
                "each would see their last values. Say partial(step, ...), or partial(function, ...)."
            )
