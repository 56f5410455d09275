"""How branches have ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class BranchStatus(StrEnum):
    """How a branch ended; one that never began counts as cancelled."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Generic[T]):
    """One branch: its place among the others, from 0, how it ended, and what it returned or raised."""

    index: int
    status: BranchStatus
    value: T | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Won(Generic[T]):
    """The branch that ended first: its place, from 0, its name if it was given one, and what it returned."""

    index: int
    name: str | None
    value: T


class Settled(Sequence[Ended[T]]):
    """How each branch ended, in order, and why it is over: `all`, `enough` or `too many failed`."""

    def __init__(self, ended: Sequence[Ended[T]], reason: str) -> None:
        self._ended, self.reason = tuple(ended), reason

    def __repr__(self) -> str:
        return f"<Settled {self.reason}: {', '.join(ended.status for ended in self._ended)}>"

    def __len__(self) -> int:
        return len(self._ended)

    def __iter__(self) -> Iterator[Ended[T]]:
        return iter(self._ended)

    @overload
    def __getitem__(self, index: int) -> Ended[T]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Ended[T], ...]: ...
    def __getitem__(self, index: int | slice) -> Ended[T] | tuple[Ended[T], ...]:
        return self._ended[index]

    @property
    def succeeded(self) -> tuple[Ended[T], ...]:
        """The branches that returned."""
        return self._of(BranchStatus.COMPLETED)

    @property
    def failed(self) -> tuple[Ended[T], ...]:
        """The branches that raised."""
        return self._of(BranchStatus.FAILED)

    @property
    def cancelled(self) -> tuple[Ended[T], ...]:
        """The branches that were cancelled, or never began."""
        return self._of(BranchStatus.CANCELLED)

    def _of(self, status: BranchStatus) -> tuple[Ended[T], ...]:
        return tuple(ended for ended in self._ended if ended.status == status)

    def values(self) -> list[T]:
        """Return what those returned that succeeded, in order."""
        return [ended.value for ended in self.succeeded]  # type: ignore[misc] # who returned has a value

    def raise_if_failed(self) -> None:
        """Raise the error of the first branch that failed, if any did."""
        for ended in self.failed:
            assert ended.error is not None
            raise ended.error
