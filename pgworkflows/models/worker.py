"""One worker process."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .columns import JSONField, bounded, in_reach


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Scopes named for what they find."""

    def running(self) -> WorkerQuerySet:
        """Find the workers that have neither stopped nor been found dead."""
        return self.filter(stopped_at=None)


class Worker(models.Model):
    """A process that runs workflows; its heartbeat keeps its claims."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    queues = JSONField(default=list)
    #: The fingerprints of what it knows and still takes, by "name:version".
    definitions = JSONField(default=dict)
    #: Whether it holds a session lock: not through a pooler in transaction mode.
    direct = models.BooleanField(default=False)
    lease = models.DurationField()
    started_at = models.DateTimeField()
    connected_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        constraints = [
            in_reach("worker", "started_at", "connected_at", "beat_at", "stopped_at"),
            bounded("worker", "lease"),
        ]
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.name
