"""The error of what is tried in vain again and again."""

from __future__ import annotations

from .outcome import MOST_CRASHES


def tried_too_often(named: str, lost: BaseException | None, lost_call: str = "") -> RuntimeError:
    """Make the error of what is not tried any more; `lost` is why it lost its last transaction."""
    how = (
        f"its call was lost, the last time by {lost_call}"
        if lost_call
        else f"it lost its transaction: {type(lost).__name__}: {lost}"
        if lost
        else "it ended its worker process, or hung until that was ended"
    )
    return RuntimeError(
        f"{named} was tried {MOST_CRASHES} times in a row, and each time {how}. Mend the cause, then retry() it; or cancel() it."
    )
