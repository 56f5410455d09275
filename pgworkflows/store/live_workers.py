"""What the workers that live now would take up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from ..conf import conf
from ..models import Worker, Workflow
from .connection import database_now


@dataclass(frozen=True, slots=True)
class LiveWorkers:
    """The live workers, each with the definitions it knows and the queues it takes (none for all)."""

    workers: list[tuple[frozenset[str], frozenset[str]]]

    @classmethod
    def now(cls) -> LiveWorkers:
        """Read it."""
        living = Worker.objects.using(conf().DATABASE).running().filter(beat_at__gt=database_now() - F("lease"))
        return cls([(frozenset(worker.definitions), frozenset(worker.queues)) for worker in living])

    def takes(self, workflow: Workflow) -> bool:
        """Whether any of them would take this one."""
        return not self.lack(workflow.name, workflow.version, workflow.queue)

    def lack(self, name: str, version: int, queue: str) -> str:
        """Say why none of them would take such a workflow; nothing where one would."""
        if not self.workers:
            return "no worker is alive: start `manage.py runworkflows`"
        queues = [taken for known, taken in self.workers if f"{name}:{version}" in known]
        if not queues:
            return f"no live worker knows {name} version {version}: restart them with the code that declares it"
        if not any(not taken or queue in taken for taken in queues):
            return f"no live worker that knows it takes queue {queue!r}: start `manage.py runworkflows --queue {queue}`"
        return ""

    def knows(self, name: str) -> bool:
        """Whether any of them knows a definition of this name, of whatever version."""
        return any(definition.rpartition(":")[0] == name for known, _ in self.workers for definition in known)

    def knowing(self, name: str, version: int) -> int:
        """Count those that know a definition."""
        return sum(f"{name}:{version}" in known for known, _ in self.workers)
