"""Why a measurement has no figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class MeasurementError(RuntimeError):
    """Something that was measured ended badly, or did not end."""


class ProgramError(MeasurementError):
    """A process ended badly; the message holds its last words."""

    def __init__(self, command: Sequence[object], status: int | None, said: str) -> None:
        how = "did not end in time" if status is None else f"ended with status {status}"
        shown = " ".join([Path(str(command[0])).name, *(str(part) for part in command[1:5])])
        super().__init__(f"{shown} {how}:\n{said[-3000:]}")


class NeverHappenedError(MeasurementError):
    """What was waited for did not come."""

    def __init__(self, what: str, seconds: float, standing: str = "") -> None:
        super().__init__(f"waited {seconds:.0f} s for {what}" + (f"; there are {standing}" if standing else ""))
