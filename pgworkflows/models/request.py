"""Something that a running workflow is asked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .columns import JSONField, in_reach
from .workflow import Workflow


class Request(models.Model):
    """What was asked of one workflow, and its answer or why it was refused; it commits with who asks.

    `task` is the wait that took it. Once `answered_at` is set nothing of it changes any more.
    """

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="requests", db_index=False)
    name = models.TextField()
    payload = JSONField(null=True, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.TextField(default="", blank=True)
    # No constraint: it is a task of the same workflow, and a check would cost a scan for each task that is deleted.
    task = models.ForeignKey(
        "pgworkflows.Task", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = JSONField(null=True, blank=True)
    #: Why it was refused.
    refusal = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is "not refused"

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=False) | Q(answer__isnull=True, refusal=None),
                name="pgworkflows_request_answered_then",
            ),
            in_reach("request", "asked_at", "answered_at"),
        ]
        indexes = [models.Index(fields=["workflow", "id"], name="pgworkflows_request_of_wf")]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @property
    def status(self) -> str:
        """Whether it is pending, answered or refused."""
        return "pending" if self.answered_at is None else "answered" if self.refusal is None else "refused"
