"""`python -m proofs.nursery`: a process that has loaded Django, and forks a worker for every line that it reads.

A worker that begins in ten milliseconds instead of a second is what makes thousands of kills affordable. Each is a
process of its own with connections of its own: nothing is connected here. A line is the worker's options and
environment as JSON; the answer is its pid.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import Any, NoReturn

import django


def main() -> None:
    """Serve until standard input ends; the workers see that their parent is gone, and end."""
    django.setup()
    import pgworkflows.worker.process  # noqa: F401 - loaded once, for all

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    gc.freeze()
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            be_worker(told)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def be_worker(told: dict[str, Any]) -> NoReturn:
    """Be one worker process, to the end."""
    from pgworkflows.worker.options import WorkerOptions
    from pgworkflows.worker.process import Worker

    from . import points

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    os.close(0)
    os.dup2(2, 1)
    os.environ.update(told["environment"])
    points.from_environment()
    try:
        status = Worker(WorkerOptions.from_json(told["options"])).run()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
