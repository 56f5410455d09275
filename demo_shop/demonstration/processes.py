"""The demo's processes: started together, and none of them outlives the demo."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from demo_shop.demonstration import minder

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 15.0


class ProcessDied(Exception):
    """A process ended that should have gone on; the text says which, and where its words are."""


@dataclass(slots=True, kw_only=True)
class Child:
    """A process with a group of its own, so that it can be killed with all its children."""

    name: str
    process: subprocess.Popen[str]
    log: Path

    def kill(self) -> None:
        """Kill it as a power cut would: no goodbye, nothing written."""
        minder.send(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def check(self) -> None:
        """Raise ProcessDied if it has ended with an error."""
        if self.process.poll():
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
            said = f": {last[0]}" if last else ""
            raise ProcessDied(f"The {self.name} ended with status {self.process.returncode}{said} (see {self.log})")


@dataclass(slots=True, kw_only=True)
class Processes:
    """A context in which processes run; leaving it, however, ends them."""

    logs: Path
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    minder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        self.minder = subprocess.Popen(
            [sys.executable, "-m", minder.__name__],
            stdin=subprocess.PIPE,
            cwd=CHECKOUT,
            start_new_session=True,
            text=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(self.children)
        if self.minder is not None and self.minder.stdin is not None:
            with suppress(OSError):
                self.minder.stdin.close()
            self.minder.wait()

    def manage(self, name: str, *arguments: str) -> Child:
        """Start a management command."""
        return self.start(name, [sys.executable, str(CHECKOUT / "manage.py"), *arguments])

    def start(self, name: str, command: Sequence[str], *, stdout: IO[str] | int | None = None) -> Child:
        """Start a process whose words go to a log of its own."""
        path = self.logs / f"{name.replace(' ', '-')}.log"
        with path.open("a") as log:
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
                text=True,
            )
        child = Child(name=name, process=process, log=path)
        self.children.append(child)
        self._tell_minder(f"+{process.pid}")
        return child

    def abandon(self, child: Child) -> None:
        """Kill a process and all its children at once; it is no longer watched over."""
        child.kill()
        self.children.remove(child)
        self._tell_minder(f"-{child.process.pid}")

    def stop(self, children: Sequence[Child]) -> None:
        """Ask processes to finish, and kill those that do not."""
        running = [child for child in children if child.process.poll() is None]
        for child in running:
            minder.send(child.process.pid, signal.SIGTERM)
        for child in running:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(PATIENCE)
        for child in children:
            # The group, not only its leader: a supervisor that was killed may have left children.
            child.kill()
            self._tell_minder(f"-{child.process.pid}")
        self.children = [child for child in self.children if child not in children]

    def _tell_minder(self, line: str) -> None:
        if self.minder is not None and self.minder.stdin is not None:
            with suppress(OSError):
                self.minder.stdin.write(f"{line}\n")
                self.minder.stdin.flush()
