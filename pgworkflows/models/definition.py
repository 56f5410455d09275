"""A workflow's declaration as the database knows it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .columns import JSONField


class WorkflowDefinition(models.Model):
    """Written by `migrate` and by a starting worker, so that SQL can start what no worker has run yet."""

    name = models.TextField()
    version = models.IntegerField()
    fingerprint = models.TextField(default="", blank=True)
    #: The parameters' names, in order.
    parameters = JSONField(default=list)
    #: The parameters' default values, encoded.
    defaults = JSONField(default=dict)
    #: queue, priority, timeout (seconds), api, and the largest set of arguments (bytes).
    options = JSONField(default=dict)
    #: The names of the steps that the body calls, as far as they can be read from it.
    steps = JSONField(default=list)

    class Meta:
        verbose_name = _("workflow definition")
        verbose_name_plural = _("workflow definitions")
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="pgworkflows_definition_one_per_version")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
