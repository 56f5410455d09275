"""How often a step is tried, and how long it is left alone in between."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from ..values.durations import Duration, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Retry an attempt that raised one of `on`, never one of `give_up_on`.

    The n-th wait is `initial * factor ** (n - 1)`, at most `maximum`; with jitter, a random part of it from half up.
    """

    max_attempts: int = 1
    initial: Duration = 1
    factor: float = 2
    maximum: Duration = 300
    jitter: bool = True
    on: tuple[type[BaseException], ...] = (Exception,)
    give_up_on: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.max_attempts, int) or isinstance(self.max_attempts, bool):
            raise TypeError(f"Retry(max_attempts={self.max_attempts!r}) must be a whole number.")
        if self.max_attempts < 1:
            raise ValueError(f"Retry(max_attempts={self.max_attempts}) must be 1 or more.")
        if not 1 <= self.factor < math.inf:
            raise ValueError(f"Retry(factor={self.factor}) must be a finite number of 1 or more.")
        seconds(self.initial, what="Retry(initial=)")
        seconds(self.maximum, what="Retry(maximum=)")
        for option in ("on", "give_up_on"):
            classes = getattr(self, option)
            if not isinstance(classes, tuple) or not all(isinstance(c, type) and issubclass(c, BaseException) for c in classes):
                raise TypeError(f"Retry({option}=) must be a tuple of exception classes, not {classes!r}.")

    def refuses(self, error: BaseException) -> bool:
        """Whether this error ends the step at once, with nothing done on the other side."""
        return isinstance(error, self.give_up_on)

    def allows_another(self, error: BaseException, attempt: int) -> bool:
        """Whether another attempt follows the given one (counted from 1)."""
        return attempt < self.max_attempts and isinstance(error, self.on) and not self.refuses(error)

    def delay(self, attempt: int) -> float:
        """Return how many seconds to wait after the given attempt."""
        maximum = seconds(self.maximum, what="Retry(maximum=)")
        initial = seconds(self.initial, what="Retry(initial=)")
        try:
            grown = float(self.factor) ** (attempt - 1)
        except OverflowError:
            grown = math.inf
        wait = min(maximum, initial * grown) if initial else 0.0
        return wait * random.uniform(0.5, 1.0) if self.jitter else wait
