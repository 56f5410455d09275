"""A named message to a workflow."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .columns import JSONField, in_reach
from .workflow import Workflow


class EventQuerySet(models.QuerySet["Event"]):
    """Scopes named for what they find."""

    def untaken(self) -> EventQuerySet:
        """Find what no wait has taken; the engine's own events are for none."""
        return self.filter(task=None).exclude(name__startswith="$")


class Event(models.Model):
    """What was sent, to one workflow or under a correlation; it commits with its sender.

    `delivered_at` is when it reached a workflow, `task` the wait that took it. Names that begin with `$` are the
    engine's own: a child ended, an approval was decided, a cancel was asked for, a step overran its time.
    """

    workflow = models.ForeignKey(Workflow, models.CASCADE, null=True, blank=True, related_name="events", db_index=False)
    name = models.TextField()
    correlation = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is "none", and is not unique
    key = models.TextField(null=True, blank=True)  # noqa: DJ001 - only null is not unique
    payload = JSONField(null=True, blank=True)
    sent_at = models.DateTimeField()
    sent_by = models.TextField(default="", blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    #: Sent under a correlation that nobody waited for yet when a worker looked.
    parked = models.BooleanField(default=False)
    # No constraint: it is a task of the same workflow, and a check would cost a scan for each task that is deleted.
    task = models.ForeignKey(
        "pgworkflows.Task", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "name", "key"],
                condition=Q(key__isnull=False, correlation=None),
                name="pgworkflows_event_one_per_key",
            ),
            models.UniqueConstraint(
                fields=["correlation", "name", "key"],
                condition=Q(key__isnull=False, correlation__isnull=False),
                name="pgworkflows_event_one_per_correlation_key",
            ),
            models.CheckConstraint(
                condition=Q(workflow__isnull=False) | Q(correlation__isnull=False), name="pgworkflows_event_has_address"
            ),
            in_reach("event", "sent_at", "delivered_at"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(delivered_at=None, parked=False), name="pgworkflows_event_undelivered"),
            models.Index(
                fields=["name", "correlation", "id"],
                condition=Q(delivered_at=None, workflow=None),
                name="pgworkflows_event_unasked",
            ),
            models.Index(fields=["workflow", "task"], name="pgworkflows_event_of_workflow"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"
