"""How a process of ours is begun: by the command line that began this one.

What manage.py sets up before Django, and Python's own -W and -X, are its own as well. Where `runworkflows` is called from other
code there is no such command line, and the module path is handed on instead.
"""

from __future__ import annotations

import os
import sys

from django.utils.autoreload import get_child_arguments

COMMAND = "runworkflows"
#: What `runworkflows` is given to be one of its own workers (with options in JSON), or a process that makes calls for one
#: (with the file descriptor of its pipe).
AS_WORKER, AS_CHILD = "--as-worker", "--as-child"

Command = tuple[list[str], dict[str, str]]


def as_worker(options: str) -> Command:
    """Return the arguments and the environment of a worker process."""
    return _again(AS_WORKER, options, "pgworkflows.worker")


def as_child(file: int) -> Command:
    """Return the arguments and the environment of a process that makes calls for a worker."""
    return _again(AS_CHILD, str(file), "pgworkflows.executors")


def _again(option: str, value: str, module: str) -> Command:
    if sys.argv[1:2] == [COMMAND]:
        return [*get_child_arguments(), option, value], dict(os.environ)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return [sys.executable, "-m", module, value], os.environ | {"PYTHONPATH": path}
