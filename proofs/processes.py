"""Worker processes: started by fork or by exec, killed, stopped, replaced, and ended whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).absolute().parent.parent
NOTHING: Mapping[str, str] = {}


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """One worker: `name` is what its Worker rows and the history call it."""

    name: str
    pid: int
    ancestors: list[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = field(default_factory=time.monotonic)

    def alive(self) -> bool:
        """Whether it runs, or is stopped."""
        if self.process is not None:
            return self.process.poll() is None
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    def send(self, number: int) -> bool:
        """Send a signal; return whether there was somebody to get it."""
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def stop(self, seconds: float) -> int:
        """Have a program end in good order; return its status, or -1 if it has not ended in time."""
        self.send(signal.SIGTERM)
        assert self.process is not None
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return -1


def children(pid: int) -> set[int]:
    """Return the processes that this one has started."""
    return {int(child) for thread in Path(f"/proc/{pid}/task").glob("*/children") for child in thread.read_text().split()}


class Fleet:
    """The workers of one proof."""

    def __init__(self, url: str, folder: Path, environment: Mapping[str, str] = NOTHING) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PROOFS_DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "proofs.settings",
            "PROOFS_LEDGER": str(folder / "ledger"),
            "PROOFS_DEATHS": str(folder / "deaths"),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.workers: list[WorkerProcess] = []
        self.began = 0
        self._log = open(folder / "workers.log", "ab")  # noqa: SIM115 - as long as the fleet
        self._nursery: subprocess.Popen[str] | None = None

    def fork(self, ancestors: Sequence[str] = (), environment: Mapping[str, str] = NOTHING, **options: Any) -> WorkerProcess:
        """Start a worker from the nursery; `ancestors` are dead workers whose claims it takes over at once."""
        if self._nursery is None:
            command = [sys.executable, "-m", "proofs.nursery"]
            self._nursery = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            )  # fmt: skip
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        name = self._name()
        line = {"options": self._options(name, ancestors, options), "environment": dict(environment)}
        self._nursery.stdin.write(json.dumps(line) + "\n")
        self._nursery.stdin.flush()
        return self._add(WorkerProcess(name, int(self._nursery.stdout.readline()), list(ancestors)))

    def execute(
        self, ancestors: Sequence[str] = (), environment: Mapping[str, str] = NOTHING, prefix: Sequence[str] = (), **options: Any
    ) -> WorkerProcess:
        """Start a worker as a program of its own; `prefix` is a command to run it by."""
        name = self._name()
        command = [*prefix, sys.executable, "-m", "pgworkflows.worker", self._options(name, ancestors, options)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment | dict(environment), stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, start_new_session=True,
        )  # fmt: skip
        return self._add(WorkerProcess(name, process.pid, list(ancestors), process))

    def supervise(self, processes: int) -> WorkerProcess:
        """Start a supervisor with its workers, as people do."""
        command = [sys.executable, "-m", "django", "runworkflows", "--processes", str(processes)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        return self._add(WorkerProcess("supervisor", process.pid, [], process))

    def _name(self) -> str:
        self.began += 1
        return f"proof:{self.began}:{secrets.token_hex(3)}"

    def _options(self, name: str, ancestors: Sequence[str], options: dict[str, Any]) -> str:
        usual = {"queues": [], "concurrency": 20, "batch_size": 50, "poll_interval": 0.5, "probation": 1}
        return json.dumps({**usual, **options, "name": name, "predecessors": list(ancestors)[-20:]})

    def _add(self, worker: WorkerProcess) -> WorkerProcess:
        self.workers.append(worker)
        return worker

    def alive(self) -> list[WorkerProcess]:
        """List the workers that run or are stopped; forget the dead."""
        self.workers = [worker for worker in self.workers if worker.alive()]
        return self.workers

    def keep(self, count: int, start: Callable[[], WorkerProcess] | None = None) -> None:
        """Start as many as are missing."""
        for _ in range(count - len(self.alive())):
            (start or self.fork)()

    def pick(self, chance: random.Random) -> WorkerProcess | None:
        """Pick one that is alive."""
        alive = self.alive()
        return chance.choice(alive) if alive else None

    def log(self) -> str:
        """Return what the workers said."""
        return (self.folder / "workers.log").read_text(errors="replace")

    def end(self) -> None:
        """Kill what is left."""
        for worker in self.workers:
            worker.send(signal.SIGKILL)
            if worker.process is not None:
                worker.process.wait()
        if self._nursery is not None:
            assert self._nursery.stdin is not None
            self._nursery.stdin.close()
            self._nursery.wait()
        self._log.close()


@contextlib.contextmanager
def fleet(url: str, folder: Path, environment: Mapping[str, str] = NOTHING) -> Iterator[Fleet]:
    """Keep a fleet for the length of a proof."""
    made = Fleet(url, folder, environment)
    try:
        yield made
    finally:
        made.end()


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the condition's value once it is true; raise ProofError when it does not come to that in time."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise ProofError(f"After {seconds} s it had not come to this: {what}.")
        time.sleep(0.02)
    return value


class ProofError(Exception):
    """The proof could not be made: its fault did not happen, or what it needs is not there."""
