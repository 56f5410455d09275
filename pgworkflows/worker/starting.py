"""How a worker process begins and ends: by the command line that began its supervisor, and with what `atexit` holds."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from typing import NoReturn

from django.utils.autoreload import get_child_arguments

from .options import WorkerOptions
from .process import Worker

COMMAND = "runworkflows"
#: What `runworkflows` is given, in JSON, to be one of its own workers.
AS_WORKER = "--as-worker"
#: How long what was registered with `atexit` may take, in seconds.
LONGEST_GOODBYE = 30.0


def command_line(options: WorkerOptions) -> tuple[list[str], dict[str, str]]:
    """Return the arguments and the environment of a worker process.

    What manage.py sets up before Django, and Python's own -W and -X, are the worker's as well. Where `runworkflows` is called
    from other code there is no such command line, and its module path is handed on instead.
    """
    if sys.argv[1:2] == [COMMAND]:
        return [*get_child_arguments(), AS_WORKER, options.to_json()], dict(os.environ)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return [sys.executable, "-m", "pgworkflows.worker", options.to_json()], os.environ | {"PYTHONPATH": path}


def run_worker(options: str) -> NoReturn:
    """Run the worker that these options in JSON describe, then end the process."""
    status = Worker(WorkerOptions.from_json(options)).run()
    threading.Thread(target=_end_anyway, args=[status], name="pgworkflows-goodbye", daemon=True).start()
    atexit._run_exitfuncs()
    _end(status)


def _end_anyway(status: int) -> None:
    time.sleep(LONGEST_GOODBYE)
    _end(status)


def _end(status: int) -> NoReturn:
    """End at once: a thread stuck in an outside call would keep the process for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def refuse_green_threads() -> str:
    """Return why no worker can run here; empty if one can."""
    for package, patched in (("gevent", _gevent), ("eventlet", _eventlet)):
        if patched():
            return (
                f"{package} has replaced Python's threads, and a worker needs real ones: its signs of life must go on while a "
                f"step is busy. Run runworkflows without {package}'s monkey patching."
            )
    return ""


def _gevent() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _eventlet() -> bool:
    patcher = sys.modules.get("eventlet.patcher")
    return patcher is not None and bool(patcher.is_monkey_patched("thread"))
