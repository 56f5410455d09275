"""How a worker process begins, and ends with what `atexit` holds."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from typing import NoReturn

from .options import WorkerOptions
from .process import Worker

#: How long what was registered with `atexit` may take, in seconds.
LONGEST_GOODBYE = 30.0


def run_worker(options: WorkerOptions) -> NoReturn:
    """Run the worker that these options describe, then end the process."""
    status = Worker(options).run()
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
