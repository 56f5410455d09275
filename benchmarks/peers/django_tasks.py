"""django.tasks with the database backend of django-tasks-db; an order is a chain of five tasks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.peers.peer import CHUNK, EMPTY, ONE, ORDER, STEPS, Peer, Setup

TABLE = "django_tasks_database_dbtaskresult"


class DjangoTasksPeer(Peer):
    """A job queue that polls: no workflow."""

    name = "django_tasks"
    setups = (
        Setup(workload="W1", subject="django-tasks-db", job=EMPTY, rate=300),
        Setup(workload="W2", subject="django-tasks-db, chained tasks", job=ORDER, rate=45, parts=STEPS),
        Setup(workload="W3", subject="django-tasks-db", job=ONE, rate=1, once=True, longest_pause=1.1),
        Setup(workload="W3", subject="django-tasks-db, polling every 50 ms", job=ONE, rate=1, options={"interval": 0.05}),
    )

    def prepare(self, url: str, options: Mapping[str, Any]) -> None:
        """Migrate."""
        from django.core.management import call_command

        _tasks()
        call_command("migrate", verbosity=0)

    def enqueue(self, url: str, job: str, tags: Sequence[str], *, bulk: bool) -> float:
        """Enqueue one by one; it has no bulk verb, so many share a transaction."""
        from django.db import transaction

        task = getattr(_tasks(), job)
        began = time.perf_counter()
        for first in range(0, len(tags), CHUNK if bulk else 1):
            with transaction.atomic():
                for tag in tags[first : first + (CHUNK if bulk else 1)]:
                    task.enqueue(tag)
        return time.perf_counter() - began

    def work(self, url: str, index: int, options: Mapping[str, Any]) -> None:
        """Become its worker command."""
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.django_tasks_settings"
        interval = str(options.get("interval", 1))
        command = [sys.executable, "-m", "django", "db_worker", "--no-startup-delay", "-v", "0"]
        os.execv(sys.executable, [*command, "--interval", interval, "--worker-id", f"worker-{index}"])

    def finish_times(self, job: str) -> str:
        """Select from its table of results."""
        return f"SELECT extract(epoch FROM finished_at) FROM {TABLE} WHERE status = 'SUCCESSFUL'"

    def starter(self, url: str, job: str) -> tuple[Callable[[str], Any], str]:
        """Enqueue in autocommit."""
        task = getattr(_tasks(), job)
        done = f"SELECT status = 'SUCCESSFUL' FROM {TABLE} WHERE id = %(id)s"
        return lambda tag: task.enqueue(tag).id, done


def _tasks() -> Any:
    """Set Django up as its project, and return the module with the tasks."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.django_tasks_settings"
    django.setup()
    from benchmarks.peers import django_tasks_jobs

    return django_tasks_jobs


PEER = DjangoTasksPeer()
