"""Ends the demo's processes when the demo itself is gone without a word.

It reads lines from its standard input, "+GROUP" and "-GROUP", and waits for the end of that input: the system
closes the pipe however the demo ends, killed included. Then it ends the process groups that are still named.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

PATIENCE = 5.0


def main(lines: Iterable[str]) -> None:
    """Mind the groups that the lines name."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    end(groups)


def end(groups: Iterable[int], patience: float = PATIENCE) -> None:
    """Ask process groups to stop, and kill what has not stopped ``patience`` seconds later."""
    alive = {group for group in groups if send(group, signal.SIGTERM)}
    deadline = time.monotonic() + patience
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = {group for group in alive if send(group, 0)}
    for group in alive:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Send a signal to a process group; False when nobody is left in it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    # Only the end of the input ends it, so Ctrl-C in the demo's terminal does not.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.stdin)
