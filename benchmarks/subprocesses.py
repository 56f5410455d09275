"""Processes that are measured: workers, and programs of our own that print what they measured. None outlives the run."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psutil  # comes with the embedded server's package

from benchmarks.failures import ProgramError

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 600.0
NO_MORE: Mapping[str, str] = {}

# Its standard input ends with this process, however that ends; then it kills all of its group, itself included.
GUARD = "trap '' INT TERM HUP; read -r _; kill -KILL 0"


@functools.cache
def guard() -> subprocess.Popen[bytes]:
    """Start, once, what leads the group of all that we start, and ends it with us."""
    return subprocess.Popen(["/bin/sh", "-c", GUARD], stdin=subprocess.PIPE, process_group=0)


def start(command: Sequence[str], env: Mapping[str, str] = NO_MORE, **options: Any) -> subprocess.Popen[str]:
    """Start a process in the group of all that we start."""
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(command, cwd=ROOT, text=True, env=os.environ | env, process_group=guard().pid, **options)


def kill(process: subprocess.Popen[str]) -> None:
    """End a process that may still run, and what it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for member in (*psutil.Process(process.pid).children(recursive=True), process):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
    process.wait()


def run_program(module: str, *arguments: object, env: Mapping[str, str] = NO_MORE) -> Any:
    """Run `python -m module` to its end and return the JSON of its last line."""
    done = finish([sys.executable, "-m", module, *(str(argument) for argument in arguments)], env)
    return json.loads(done.strip().splitlines()[-1])


def finish(command: Sequence[str], env: Mapping[str, str] = NO_MORE) -> str:
    """Run a command to its end, but not for ever; return what it printed."""
    process = start(command, env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        said, complaints = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as late:
        raise ProgramError(command, None, str(late.stderr or late.stdout or "")) from late
    finally:
        kill(process)
    if process.returncode:
        raise ProgramError(command, process.returncode, said + complaints)
    return said


def drain(processes: int, *options: str, env: Mapping[str, str] = NO_MORE) -> None:
    """Run `manage.py runworkflows --drain` to its end; nothing may be left to run now."""
    finish([sys.executable, "-m", "django", "runworkflows", "--drain", f"--processes={processes}", *options], env)


@dataclass(frozen=True, slots=True)
class Workers:
    """Processes that go on until they are stopped, and what they have said."""

    command: list[str]
    processes: list[subprocess.Popen[str]]
    said: IO[str]

    def check(self) -> None:
        """Raise ProgramError if one has ended by itself."""
        for process in self.processes:
            if process.poll() is not None:
                self.said.seek(0)
                raise ProgramError(self.command, process.returncode, self.said.read())

    def largest_mib(self) -> float:
        """Return the resident memory of the largest process, supervisors' children included."""
        return max(float(member.memory_info().rss) for member in self.everyone()) / 2**20

    def threads(self) -> int:
        """Count the threads of all."""
        return sum(member.num_threads() for member in self.everyone())

    def everyone(self) -> list[psutil.Process]:
        """Return all of them, supervisors' children included."""
        trees = [psutil.Process(process.pid) for process in self.processes]
        return [member for tree in trees for member in (tree, *tree.children(recursive=True))]

    def stop(self, seconds: float = 20.0) -> None:
        """Ask them to end; end them hard after a while."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            kill(process)


@contextlib.contextmanager
def running(commands: list[list[str]], env: Mapping[str, str] = NO_MORE) -> Iterator[Workers]:
    """Keep processes running beside what is measured."""
    with tempfile.TemporaryFile("w+") as said:
        started = [start(command, env, stdout=said, stderr=subprocess.STDOUT) for command in commands]
        workers = Workers(commands[0], started, said)
        try:
            yield workers
        finally:
            workers.stop()


@contextlib.contextmanager
def linked(url: str, seconds: float) -> Iterator[int]:
    """Put a link with a delay each way before a server; yield its port."""
    server = urlsplit(url)
    command = [sys.executable, "-m", "benchmarks.link", str(server.hostname), str(server.port or 5432), str(seconds)]
    with start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            kill(process)


@contextlib.contextmanager
def running_workers(processes: int, env: Mapping[str, str] = NO_MORE) -> Iterator[Workers]:
    """Run `manage.py runworkflows` beside what is measured."""
    with running([[sys.executable, "-m", "django", "runworkflows", f"--processes={processes}"]], env) as workers:
        yield workers


def run_together(module: str, calls: list[list[object]], env: Mapping[str, str] = NO_MORE) -> list[Any]:
    """Run one program several times at once, all beginning their work together; return what each printed last.

    Each prints `ready` when it has warmed up, and begins when it reads a line.
    """
    commands = [[sys.executable, "-m", module, *(str(argument) for argument in call)] for call in calls]
    together = [start(command, env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for command in commands]
    try:
        for process in together:
            assert process.stdout is not None
            process.stdout.readline()
        for process in together:
            assert process.stdin is not None
            process.stdin.write("begin\n")
            process.stdin.flush()
        said = [process.communicate(timeout=LONGEST)[0] for process in together]
    finally:
        for process in together:
            kill(process)
    for command, process, words in zip(commands, together, said, strict=True):
        if process.returncode:
            raise ProgramError(command, process.returncode, words)
    return [json.loads(words.strip().splitlines()[-1]) for words in said]
