"""All, some or the first of several branches of a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, overload

from ..body import BodyScope
from ..replay import current_replay
from .ended import BranchStatus, Ended, Settled, Won
from .refusals import check_at_most, check_branches
from .running import FAILED, Branch, Decide, Decision, Gathering

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
Call = Callable[[], T]


@overload
def gather(a: Call[A], /, *, at_most: int | None = None) -> tuple[A]: ...
@overload
def gather(a: Call[A], b: Call[B], /, *, at_most: int | None = None) -> tuple[A, B]: ...
@overload
def gather(a: Call[A], b: Call[B], c: Call[C], /, *, at_most: int | None = None) -> tuple[A, B, C]: ...
@overload
def gather(a: Call[A], b: Call[B], c: Call[C], d: Call[D], /, *, at_most: int | None = None) -> tuple[A, B, C, D]: ...
@overload
def gather(
    a: Call[A], b: Call[B], c: Call[C], d: Call[D], e: Call[E], /, *, at_most: int | None = None
) -> tuple[A, B, C, D, E]: ...
@overload
def gather(
    a: Call[A], b: Call[B], c: Call[C], d: Call[D], e: Call[E], f: Call[F], /, *, at_most: int | None = None
) -> tuple[A, B, C, D, E, F]: ...
@overload
def gather(
    a: Call[A], b: Call[B], c: Call[C], d: Call[D], e: Call[E], f: Call[F], g: Call[G], /, *, at_most: int | None = None
) -> tuple[A, B, C, D, E, F, G]: ...
@overload
def gather(
    a: Call[A],
    b: Call[B],
    c: Call[C],
    d: Call[D],
    e: Call[E],
    f: Call[F],
    g: Call[G],
    h: Call[H],
    /,
    *,
    at_most: int | None = None,
) -> tuple[A, B, C, D, E, F, G, H]: ...
@overload
def gather(*branches: Call[T], at_most: int | None = None) -> tuple[T, ...]: ...
def gather(*branches: Callable[[], Any], at_most: int | None = None) -> tuple[Any, ...]:
    """Run all branches and return what they returned, in order; the first failure cancels the others and is raised.

    A branch is what is called without arguments: a step, `partial(step, ...)`, a function of the body, a handle's `result`.
    Branches share nothing while they run: what they write into outer variables may be read when all have ended. `at_most` is
    how many may have begun and not ended.
    """

    def decide(ended: Ended[Any], all_ended: dict[int, Ended[Any]]) -> Decision | None:
        if ended.status == BranchStatus.FAILED:
            return Decision(FAILED, ended.index)
        return Decision("all") if len(all_ended) == len(branches) else None

    check_at_most("gather", at_most)
    found, decision = _run("gather", branches, at_most, decide, Decision("all"))
    if decision.branch is not None:
        raise _error_of(found[decision.branch])
    return tuple(found[index].value for index in range(len(branches)))


def settle(
    *branches: Callable[[], T], at_most: int | None = None, need: int | None = None, tolerate: float | None = None
) -> Settled[T]:
    """Run branches until all have ended, `need` have succeeded, or more than `tolerate` (a number, or a share) have failed.

    Also over, as too many failed, is what can no longer reach `need`. What is open then is cancelled.
    """
    number = len(branches)
    check_at_most("settle", at_most)
    _check_bounds(number, need, tolerate)
    tolerated = number if tolerate is None else tolerate * number if isinstance(tolerate, float) else tolerate
    if need is not None:
        tolerated = min(tolerated, number - need)

    def decide(ended: Ended[Any], all_ended: dict[int, Ended[Any]]) -> Decision | None:
        counts.setdefault(ended.index, ended.status == BranchStatus.FAILED)
        failed = sum(counts.values())
        if need is not None and len(counts) - failed >= need:
            return Decision("enough")
        if failed > tolerated:
            return Decision("too many failed")
        return Decision("all") if len(all_ended) == number else None

    counts: dict[int, bool] = {}
    found, decision = _run(
        "settle", branches, at_most, decide, Decision("all" if need is None else "enough") if not need else None
    )
    never_began: Iterator[Ended[Any]] = (Ended(index=index, status=BranchStatus.CANCELLED) for index in range(number))
    return Settled([found.get(other.index, other) for other in never_began], decision.reason)


@overload
def first(*branches: Callable[[], T]) -> Won[T]: ...
@overload
def first(**named: Callable[[], T]) -> Won[T]: ...
def first(*branches: Callable[[], T], **named: Callable[[], T]) -> Won[T]:
    """Run branches until the first ends; cancel the others, and return which it was, or raise its error.

    Of several that end in one batch the lower number wins.
    """
    if branches and named:
        raise TypeError("first(): give all branches a name, or none.")
    if not branches and not named:
        raise ValueError("first() needs at least one branch: of none, none is the first.")

    def decide(ended: Ended[Any], all_ended: dict[int, Ended[Any]]) -> Decision | None:
        return Decision(FAILED if ended.status == BranchStatus.FAILED else "first", ended.index)

    found, decision = _run("first", tuple(named.values()) or branches, None, decide, None)
    assert decision.branch is not None
    winner = found[decision.branch]
    if winner.error is not None:
        raise winner.error
    return Won(index=winner.index, name=list(named)[winner.index] if named else None, value=winner.value)  # type: ignore[arg-type] # it returned


def _run(
    verb: str, branches: tuple[Branch, ...], at_most: int | None, decide: Decide, of_none: Decision | None
) -> tuple[dict[int, Ended[Any]], Decision]:
    scope = current_replay(verb)
    assert isinstance(scope, BodyScope)
    if not scope.suspended and scope.run.tasks.get(scope.position.next) is None:
        check_branches(verb, branches)
    if not branches and of_none is not None:
        return {}, of_none
    return Gathering(scope, verb, branches, at_most, decide).result()


def _error_of(ended: Ended[Any]) -> BaseException:
    assert ended.error is not None
    return ended.error


def _check_bounds(number: int, need: int | None, tolerate: float | None) -> None:
    if need is not None and (isinstance(need, bool) or not isinstance(need, int) or not 1 <= need <= number):
        raise ValueError(f"settle(need={need!r}) must be a number of branches, from 1 to {number}: so many there are.")
    if tolerate is None:
        return
    if isinstance(tolerate, bool) or not isinstance(tolerate, int | float) or tolerate < 0:
        raise ValueError(f"settle(tolerate={tolerate!r}) must be a number of failures, or a share of the branches, 0 or more.")
    if isinstance(tolerate, float) and tolerate > 1:
        raise ValueError(f"settle(tolerate={tolerate!r}) is a share of the branches: 1.0 at most. Give a count as an int.")
