"""The parent of worker processes: starts them, replaces the ones that die, stops them, tells how it goes."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.autoreload import StatReloader

from ..command_line import as_worker
from ..execution.agenda import Takes
from .options import REPLACE_ME, WorkerOptions

QUICK_DEATH = 5.0
LONGEST_PAUSE = 5.0
LONGEST_PROBATION = 400
#: After so many deaths in a row of processes that never came so far as to register, another one would not either.
MOST_STILLBORN = 5


@dataclass(slots=True)
class Child:
    """One worker process and what it last said."""

    process: subprocess.Popen[bytes]
    options: WorkerOptions
    pipe: int
    began: float = field(default_factory=time.monotonic)
    counts: dict[str, int] = field(default_factory=dict)
    suspects_due: bool = False
    unread: bytes = b""
    #: Whether this supervisor has asked it to end.
    told: bool = False
    #: Whether it asks for another process in its place; None once that has begun.
    wants_successor: bool = False
    #: The process that is told to end when this one has begun to work.
    replaces: Child | None = None


class Supervisor:
    """Keeps `processes` workers alive until a signal, or until a drain is done."""

    def __init__(self, options: WorkerOptions, *, processes: int, reload: bool, say: Callable[[str], None]) -> None:
        self.options, self.processes, self.reload, self.say = replace(options, takes=Takes.QUEUE), processes, reload, say
        self.children: list[Child] = []
        self.stops = 0
        self.past: dict[str, int] = {}
        self._selector = selectors.DefaultSelector()
        self._replaced = 0
        self._stillborn, self._gave_up = 0, False
        self._pause = 0.1
        self._due: list[tuple[float, WorkerOptions]] = []
        self._said_at, self._said = 0.0, ""
        self._files: dict[Any, float] = {}
        self._looked_at = 0.0

    def run(self) -> int:
        """Return 0 once all is drained or stopped in good order, 1 if a stop had to be hard or no worker could begin."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self._files = self._snapshot()
        for _ in range(self.processes):
            self._start(self.options)
        began = time.monotonic()
        while self.children or self._due:
            self._read()
            self._reap()
            self._start_due()
            self._look_for_suspects()
            self._start_successors()
            self._look_for_changes()
            self._tell()
        total = self._total()
        self.say(
            f"Done after {time.monotonic() - began:.1f} s: {total.get('finished', 0)} workflows finished, "
            f"{total.get('workflows', 0)} times one was run in {total.get('batches', 0)} transactions, "
            f"{total.get('calls', 0)} outside calls, {self._replaced} worker(s) replaced."
        )
        return 1 if self.stops > 1 or self._gave_up else 0

    def _on_signal(self, *_: Any) -> None:
        self._stop("Stopping at once; nothing is lost." if self.stops else "Finishing what runs; once more stops at once.")

    def _give_way(self, newer: str) -> None:
        """Stop for good where the database has migrations that this code does not know, and something that it cannot use."""
        if newer and not self.stops:
            self._stop(
                f"The database has pgworkflows {newer}, which this code does not know and cannot work with. Workers finish what "
                "runs, and end: start them from the release that has it."
            )

    def _stop(self, said: str) -> None:
        self.stops += 1
        self._due.clear()
        self.say(said)
        for child in self.children:
            self._tell_to_stop(child)

    def _tell_to_stop(self, child: Child) -> None:
        child.process.send_signal(signal.SIGTERM if self.stops == 1 else signal.SIGKILL)

    def _start(self, options: WorkerOptions) -> Child:
        reading, writing = os.pipe()
        name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        options = replace(options, name=name, report_to=writing, supervisor=os.getpid())
        arguments, environment = as_worker(options.to_json())
        process = subprocess.Popen(arguments, pass_fds=[writing], env=environment)
        os.close(writing)
        os.set_blocking(reading, False)
        child = Child(process, options, reading)
        self._selector.register(reading, selectors.EVENT_READ, child)
        self.children.append(child)
        if self.stops:  # it was being made when the signal came
            self._tell_to_stop(child)
        return child

    def _read(self) -> None:
        for key, _ in self._selector.select(timeout=0.1):
            child: Child = key.data
            data = os.read(child.pipe, 65536)
            if not data:
                self._selector.unregister(child.pipe)
                continue
            *lines, child.unread = (child.unread + data).split(b"\n")
            if lines:
                child.counts, self._stillborn = json.loads(lines[-1]), 0
                child.suspects_due = bool(child.counts.pop("suspects_due"))
                child.wants_successor |= bool(child.counts.pop("replace"))
                self._give_way(str(child.counts.pop("newer")))
                if child.replaces is not None:
                    self._end(child.replaces)
                    child.replaces = None

    def _reap(self) -> None:
        for child in list(self.children):
            status = child.process.poll()
            if status is None or child.pipe in self._selector.get_map():
                continue
            self.children.remove(child)
            os.close(child.pipe)
            for key, value in child.counts.items():
                self.past[key] = self.past.get(key, 0) + (value if key != "in_flight" else 0)
            done = status == 0 and (self.options.drain or child.options.takes == Takes.SUSPECTS)
            if self.stops or self._gave_up or done or self._leaves_to_successor(child):
                continue
            if child.replaces is not None:  # its own replacement comes in the place of both
                self._end(child.replaces)
            self._replace(child, status)

    def _leaves_to_successor(self, child: Child) -> bool:
        """Whether another process has begun in its place, or is about to: however it ended, that is no reason for one more."""
        begun = [other for other in self.children if other.replaces is child]
        for other in begun:
            other.replaces = None
        return child.told or bool(begun)

    def _replace(self, child: Child, status: int) -> None:
        self._replaced += 1
        quick = time.monotonic() - child.began < QUICK_DEATH and status != REPLACE_ME
        self._pause = min(self._pause * 2, LONGEST_PAUSE) if quick else 0.1
        how = (
            f"signal {-status}" if status < 0
            else "a step that overran its time" if status == REPLACE_ME
            else "a signal that was not ours" if status == 0
            else f"status {status}"
        )  # fmt: skip
        # Who is killed from outside says nothing of whether the next one can begin.
        if not child.counts and status != -signal.SIGKILL and self._give_up(how):
            return
        self.say(f"Worker {child.options.name} ended by {how}; its replacement takes over what it ran.")
        # One that died before it could take over leaves that to the next: nobody else may be there in a drain.
        inherited = [] if child.counts else child.options.predecessors
        # On probation for twice as long: what kills shared batches is found, however much other work is in front of it.
        probation = min(child.options.probation * 2, LONGEST_PROBATION)
        successor = replace(child.options, predecessors=[*inherited, child.options.name], probation=probation)
        self._due.append((time.monotonic() + (self._pause if quick else 0), successor))

    def _give_up(self, how: str) -> bool:
        """Count a process that ended before it could register; after too many stop, unless another one works."""
        self._stillborn += 1
        if self._stillborn < MOST_STILLBORN or any(child.counts for child in self.children):
            return False
        self._gave_up = True
        self.say(
            f"Giving up: {self._stillborn} worker processes in a row ended before they could register, the last by {how}. "
            "What they said themselves stands above."
        )
        self._due.clear()
        for child in self.children:
            self._end(child)
        return True

    def _start_due(self) -> None:
        for due, options in list(self._due):
            if time.monotonic() >= due:
                self._due.remove((due, options))
                self._start(options)

    def _end(self, child: Child) -> None:
        child.told = True
        child.process.send_signal(signal.SIGTERM)

    def _start_successors(self) -> None:
        """Begin another process in the place of one that asks for it; that one goes on until the other works."""
        for child in self.children:
            if (
                child.wants_successor
                and not child.told
                and not self.stops
                and not any(c.replaces is child for c in self.children)
            ):
                self.say(f"Worker {child.options.name} has threads that never return; another takes its place.")
                self._replaced += 1
                self._start(replace(child.options, predecessors=[])).replaces = child

    def _look_for_suspects(self) -> None:
        """Have one process more while workflows that were tried in vain are to be tried apart from the others."""
        if self.stops or not any(child.suspects_due for child in self.children):
            return
        takes = [child.options.takes for child in self.children] + [options.takes for _, options in self._due]
        if Takes.SUSPECTS not in takes:
            self._start(replace(self.options, takes=Takes.SUSPECTS, probation=0))
        for child in self.children:
            child.suspects_due = False

    def _snapshot(self) -> dict[Any, float]:
        return dict(StatReloader().snapshot_files()) if self.reload else {}

    def _look_for_changes(self) -> None:
        """With --reload: when a source file changed, let the workers finish and start new ones with the new code."""
        if not self.reload or self.stops or time.monotonic() - self._looked_at < 1:
            return
        self._looked_at = time.monotonic()
        files = self._snapshot()
        if files == self._files:
            return
        changed = sorted(str(path) for path in files if files[path] != self._files.get(path))
        self._files = files
        self.say(f"{changed[0] if changed else 'A file'} changed; starting workers with the new code.")
        for child in self.children:
            self._end(child)
            self._due.append((time.monotonic(), self.options))

    def _total(self) -> dict[str, int]:
        total = dict(self.past)
        for child in self.children:
            for key, value in child.counts.items():
                total[key] = total.get(key, 0) + value
        return total

    def _tell(self) -> None:
        """Print how it goes, once a second at most and only when something moved."""
        if time.monotonic() - self._said_at < 1:
            return
        total = self._total()
        line = f"{total.get('finished', 0)} finished, {total.get('in_flight', 0)} outside calls in flight"
        if total and line != self._said:
            self._said_at, self._said = time.monotonic(), line
            self.say(line)
