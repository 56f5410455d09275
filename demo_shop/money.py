"""The one place where money is rounded, and the only place that turns it into cents."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """Round to cents, half up, as an invoice does."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_amount(unit_price: Decimal, quantity: int, discount: Decimal) -> Decimal:
    """Return what a line costs, not rounded; ``discount`` is a fraction of 1."""
    return unit_price * quantity * (1 - discount)


def total(line_amounts: Iterable[Decimal], freight: Decimal) -> Decimal:
    """Add lines and freight, and round the sum once."""
    return rounded(sum(line_amounts, start=freight))


def to_cents(amount: Decimal) -> int:
    """Return the whole cents that the card processor counts in."""
    return int(rounded(amount) * 100)


def from_cents(cents: int) -> Decimal:
    """Return the amount that the card processor's ``cents`` stand for."""
    return Decimal(cents) * CENT
