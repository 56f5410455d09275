"""Test cards: what happens is decided by the card, as in every processor's sandbox."""

from dataclasses import dataclass

GOOD = "tok-4242"
DECLINED = "tok-0002"
SMALL_LIMIT = "tok-9995"
NEVER_ANSWERS = "tok-0408"
NEVER_THERE = "tok-0503"

SMALL_LIMIT_CENTS = 500_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the processor knows of a card."""

    token: str
    label: str


CARDS = {
    card.token: card
    for card in (
        Card(token=GOOD, label="ending 4242: accepted"),
        Card(token=DECLINED, label="ending 0002: declined"),
        Card(token=SMALL_LIMIT, label="ending 9995: accepted up to 500"),
        Card(token=NEVER_ANSWERS, label="ending 0408: charged, but the answer is always lost"),
        Card(token=NEVER_THERE, label="ending 0503: the processor is never reachable"),
    )
}


def refusal(token: str, cents: int) -> str | None:
    """Return why the card is refused, or None."""
    if token not in CARDS:
        return "unknown_card"
    if token == DECLINED:
        return "card_declined"
    if token == SMALL_LIMIT and cents > SMALL_LIMIT_CENTS:
        return "insufficient_funds"
    return None
