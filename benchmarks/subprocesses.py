"""Processes that are measured: workers, and programs of our own that print what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1800.0


class ProgramFailed(RuntimeError):
    """A process ended badly; the message holds its last words."""

    def __init__(self, command: list[str], status: int | None, said: str) -> None:
        how = "did not end in time" if status is None else f"ended with status {status}"
        super().__init__(f"{' '.join(command[1:5])} {how}:\n{said[-3000:]}")


def run_program(module: str, *arguments: object) -> Any:
    """Run `python -m module` to its end and return the JSON of its last line."""
    command = [sys.executable, "-m", module, *(str(argument) for argument in arguments)]
    done = _finished(command)
    return json.loads(done.strip().splitlines()[-1])


def _finished(command: list[str]) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired as late:
        raise ProgramFailed(command, None, str(late.stderr or late.stdout or "")) from late
    if done.returncode:
        raise ProgramFailed(command, done.returncode, done.stdout + done.stderr)
    return done.stdout


def drain(processes: int, *options: str) -> None:
    """Run `manage.py runworkflows --drain` to its end; nothing may be left to run now."""
    command = [sys.executable, "-m", "django", "runworkflows", "--drain", f"--processes={processes}", *options]
    _finished(command)


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
            raise ProgramFailed(command, process.returncode, words)
    return [json.loads(words.strip().splitlines()[-1]) for words in said]
