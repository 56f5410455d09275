"""What the workers that live now would take up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from ..conf import conf
from ..models import Worker, Workflow
from .connection import database_now


@dataclass(frozen=True, slots=True)
class Coverage:
    """The live workers, each with the definitions it knows and the queues it takes (none for all)."""

    workers: list[tuple[frozenset[str], frozenset[str]]]

    @classmethod
    def now(cls) -> Coverage:
        """Read it."""
        living = Worker.objects.using(conf().DATABASE).running().filter(beat_at__gt=database_now() - F("lease"))
        return cls([(frozenset(worker.definitions), frozenset(worker.queues)) for worker in living])

    def takes(self, workflow: Workflow) -> bool:
        """Whether any of them would take this one."""
        wanted = f"{workflow.name}:{workflow.version}"
        return any(wanted in known and (not queues or workflow.queue in queues) for known, queues in self.workers)

    def knowing(self, name: str, version: int) -> int:
        """Count those that know a definition."""
        return sum(f"{name}:{version}" in known for known, _ in self.workers)
