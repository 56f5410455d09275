"""Faults on purpose, the same ones whenever the same key comes again."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from demo_shop.card_processor import cards


class Fault(Enum):
    """What goes wrong with one call."""

    # Answered properly.
    NONE = "none"
    # Refused with 503 before anything is recorded.
    UNAVAILABLE = "unavailable"
    # Kept waiting, then dropped before anything is recorded.
    STALLED = "stalled"
    # Recorded, then dropped without an answer.
    LOST_ANSWER = "lost answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often what goes wrong, as fractions of 1; most strike the first attempt of a key only."""

    lost_answers: float = 0.0
    timeouts: float = 0.0
    unavailable: float = 0.0
    # Charges of which every answer is lost, not only the first.
    never_answers: float = 0.0
    declines: float = 0.0
    # Seconds for which a stalled call is held; longer than any client waits.
    stall: float = 5.0

    def for_call(self, key: str, attempt: int, token: str | None) -> Fault:
        """Return what goes wrong with attempt number ``attempt`` (from 1) under ``key``."""
        if token == cards.NEVER_THERE:
            return Fault.UNAVAILABLE
        if token == cards.NEVER_ANSWERS or (token and strikes("never", key, self.never_answers)):
            return Fault.LOST_ANSWER
        if attempt > 1:
            return Fault.NONE
        if strikes("lost answer", key, self.lost_answers):
            return Fault.LOST_ANSWER
        if strikes("timeout", key, self.timeouts):
            return Fault.STALLED
        if strikes("unavailable", key, self.unavailable):
            return Fault.UNAVAILABLE
        return Fault.NONE

    def declines_charge(self, key: str) -> bool:
        """Say whether the charge under ``key`` is declined, whatever the card."""
        return strikes("decline", key, self.declines)


def strikes(kind: str, key: str, rate: float) -> bool:
    """Say whether ``key`` is among the fraction ``rate`` of all keys."""
    digest = hashlib.sha256(f"{kind}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) < rate * 2**64
