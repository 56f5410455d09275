"""What a replay came to, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from demo_shop.replay.acts import ENDS
from demo_shop.replay.judging import Verdict
from demo_shop.replay.running import Replayed

SHORT = {"Declaration ": "", "SUBMITTED by EMPLOYEE": "submitted", "FINAL_APPROVED": "APPROVED"}


def report(replayed: Replayed) -> Iterator[str]:
    """Return the lines: end states, sequences, what the rules forbade, and how fast it went."""
    verdicts = replayed.verdicts
    matched = sum(verdict.matches for verdict in verdicts)
    yield from _ends(verdicts)
    yield from _sequences(verdicts)
    forbidden = [verdict for verdict in verdicts if verdict.forbidden]
    yield f"\nForbidden by the rules: {len(forbidden)}"
    yield from (f"  {verdict.case.name}: {verdict.forbidden}" for verdict in forbidden)
    others = [verdict for verdict in verdicts if not verdict.matches and not verdict.forbidden]
    yield f"Came out otherwise: {len(others)}"
    yield from (f"  {verdict.case.name}: {verdict.state} after {' | '.join(verdict.done)}" for verdict in others)
    yield f"\n{matched:,} of {len(verdicts):,} cases match in end state and sequence of decisions."
    yield f"{60 * len(verdicts) / replayed.seconds:,.0f} cases a minute ({replayed.seconds:,.0f} s)."


def _ends(verdicts: list[Verdict]) -> Iterator[str]:
    logged = Counter(ENDS[verdict.case.activities[-1]] for verdict in verdicts)
    found = Counter(verdict.state for verdict in verdicts)
    yield "End state           log     here"
    yield from (f"  {state.label:<12} {logged[state]:>8,} {found[state]:>8,}" for state in ENDS.values())


def _sequences(verdicts: list[Verdict]) -> Iterator[str]:
    cases = Counter(verdict.case.activities for verdict in verdicts)
    matched = Counter(verdict.case.activities for verdict in verdicts if verdict.matches)
    yield f"\nSequences: {len(cases)}\n   match /  cases"
    for activities, number in cases.most_common():
        yield f"  {matched[activities]:>6,} / {number:>6,}  {short(' > '.join(activities))}"


def short(sequence: str) -> str:
    """Return the log's words without what all of them have."""
    for long, less in SHORT.items():
        sequence = sequence.replace(long, less)
    return sequence
