"""The table at the end."""

from collections.abc import Iterator

from demo_shop.demonstration.headless import Outcome

WIDTH = 38


def report(outcome: Outcome) -> Iterator[str]:
    """Return the lines of the table: outcomes, and whether everything adds up."""
    counts = outcome.counts
    yield ""
    yield "Outcomes"
    for title, number in (
        ("Orders placed, back orders included", counts.placed),
        ("Completed", counts.completed),
        ("Compensated", counts.cancelled),
        ("Waiting for approval, on purpose", counts.to_approve),
        ("Waiting for delivery, on purpose", counts.to_deliver),
    ):
        yield f"  {title:<{WIDTH}} {number:>5}"
    if outcome.purchased:
        yield f"  {outcome.purchased}"
    yield ""
    yield "Reconciled"
    for check in outcome.checks:
        yield f"  {check.title:<{WIDTH}} {check.found:<42} {'ok' if check.ok else 'WRONG'}"
        yield from (f"      {wrong}" for wrong in check.wrong)
    yield ""
