"""What steps do that no step should, or that few do: each must cost its own workflow at most.

Plain data, which the generator and the model read; `misdoing.py` makes steps of it, in a process that has Django.
"""

from __future__ import annotations

from dataclasses import dataclass

#: A step's own limit where it has one, in seconds.
LIMIT = 0.3
BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misdeed:
    """How often it is chosen, what its step does, and what its workflow ends with (nothing: it goes on)."""

    weight: float
    #: How its step writes: a key of `misdoing.WRITES`; a call writes to the outside.
    writes: str = "row"
    #: What it does then: a key of `misdoing.THEN`.
    then: str = ""
    limit: float | None = None
    error: str = ""
    #: Whether another process must take the place of the one that does it.
    costs_process: bool = False

    @property
    def call(self) -> bool:
        """Whether it is a call to the outside."""
        return self.writes == "call"


MISDEEDS = {
    "raw-cursor": Misdeed(weight=4, writes="raw-cursor"),
    "raw-cursor-fails": Misdeed(weight=4, writes="raw-cursor", then="fail", error="Broken"),
    "copy": Misdeed(weight=4, writes="copy"),
    "copy-fails": Misdeed(weight=4, writes="copy", then="fail", error="Broken"),
    "script": Misdeed(weight=4, writes="script"),
    "script-commits": Misdeed(weight=4, writes="script and COMMIT", error="NotAllowed"),
    "set": Misdeed(weight=4, then="set"),
    "set-actor": Misdeed(weight=4, then="set actor"),
    "hook-raises": Misdeed(weight=4, then="leave a hook that raises"),
    "hook-hangs": Misdeed(weight=0.15, then="leave a hook that hangs", costs_process=True),
    "overruns": Misdeed(weight=0.15, then="hang", limit=LIMIT, error="WaitTimeout", costs_process=True),
    "connection-ends": Misdeed(weight=0.5, then="end connection", error=BLOCKED),
    "hangs": Misdeed(weight=0.1, then="hang", error=BLOCKED, costs_process=True),
    "call-overruns": Misdeed(weight=0.15, writes="call", then="hang", limit=LIMIT, error="WaitTimeout", costs_process=True),
    "call-ends-connection": Misdeed(weight=2, writes="call", then="end connection", error="OperationalError"),
}
