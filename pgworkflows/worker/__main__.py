"""`python -m pgworkflows.worker OPTIONS`: one worker process, where no `manage.py` could be run again for it."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from pgworkflows.worker.options import WorkerOptions
    from pgworkflows.worker.starting import run_worker

    run_worker(WorkerOptions.from_json(sys.argv[1]))
