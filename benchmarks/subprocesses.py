"""Processes that are measured: workers, and programs of our own that print what they measured."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil  # comes with the embedded server's package

from benchmarks.failures import ProgramError

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1800.0
NO_MORE: Mapping[str, str] = {}


def run_program(module: str, *arguments: object, env: Mapping[str, str] = NO_MORE) -> Any:
    """Run `python -m module` to its end and return the JSON of its last line."""
    command = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
    done = _finished(command, env)
    return json.loads(done.strip().splitlines()[-1])


def _finished(command: list[str], env: Mapping[str, str] = NO_MORE) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, env=os.environ | env)
    except subprocess.TimeoutExpired as late:
        raise ProgramError(command, None, str(late.stderr or late.stdout or "")) from late
    if done.returncode:
        raise ProgramError(command, done.returncode, done.stdout + done.stderr)
    return done.stdout


def drain(processes: int, *options: str) -> None:
    """Run `manage.py runworkflows --drain` to its end; nothing may be left to run now."""
    command = [sys.executable, "-m", "django", "runworkflows", "--drain", f"--processes={processes}", *options]
    _finished(command)


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
        return max(float(member.memory_info().rss) for member in self._everyone()) / 2**20

    def threads(self) -> int:
        """Count the threads of all."""
        return sum(member.num_threads() for member in self._everyone())

    def _everyone(self) -> list[psutil.Process]:
        trees = [psutil.Process(process.pid) for process in self.processes]
        return [member for tree in trees for member in (tree, *tree.children(recursive=True))]

    def stop(self, seconds: float = 20.0) -> None:
        """Ask them to end; end them hard after a while."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
                process.wait()


@contextlib.contextmanager
def running(commands: list[list[str]], env: Mapping[str, str] = NO_MORE) -> Iterator[Workers]:
    """Keep processes running beside what is measured."""
    with tempfile.TemporaryFile("w+") as said:
        started = [
            subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT, text=True, env=os.environ | env)
            for command in commands
        ]
        workers = Workers(commands[0], started, said)
        try:
            yield workers
        finally:
            workers.stop()


@contextlib.contextmanager
def running_workers(processes: int) -> Iterator[Workers]:
    """Run `manage.py runworkflows` beside what is measured."""
    with running([[sys.executable, "-m", "django", "runworkflows", f"--processes={processes}"]]) as workers:
        yield workers


def run_together(module: str, calls: list[list[object]]) -> list[Any]:
    """Run one program several times at once, all beginning their work together; return what each printed last.

    Each prints `ready` when it has warmed up, and begins when it reads a line.
    """
    commands = [[sys.executable, "-m", module, *(str(argument) for argument in call)] for call in calls]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
        for command in commands
    ]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("begin\n")
        process.stdin.flush()
    said = [process.communicate(timeout=LONGEST)[0] for process in running]
    for command, process, words in zip(commands, running, said, strict=True):
        if process.returncode:
            raise ProgramError(command, process.returncode, words)
    return [json.loads(words.strip().splitlines()[-1]) for words in said]
