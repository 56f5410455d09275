"""`python -m pgworkflows.worker OPTIONS`: one worker process; `manage.py runworkflows` starts it and its siblings."""

import os
import sys

import django


def main() -> None:
    """Run the worker that the options in JSON describe."""
    django.setup()
    from pgworkflows.worker.options import WorkerOptions
    from pgworkflows.worker.process import Worker

    status = Worker(WorkerOptions.from_json(sys.argv[1])).run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread stuck in an outside call would keep the process for ever


main()
