"""A call that an executor has in hand."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from ..execution.outside import OutsideCall


@dataclass(slots=True)
class Flight:
    """A call that was handed to the executor, and what it gave for it."""

    call: OutsideCall
    began: float
    future: Future[Any] | None = None
    #: Since when nobody waits for it, as it overran its time; what it still returns is thrown away.
    given_up_at: float | None = None

    @property
    def given_up(self) -> bool:
        """Whether nobody waits for it any longer."""
        return self.given_up_at is not None

    @property
    def had_begun(self) -> bool:
        """Whether the call may have been made, as far as its future says."""
        return self.future is not None and (self.future.running() or self.future.done())

    def is_over(self, now: float) -> bool:
        """Whether it takes longer than its step may."""
        limit = self.call.step.timeout
        began = getattr(self.future, "began", self.began)  # ours know when the call itself began
        return limit is not None and began is not None and now - began > limit
