"""What people decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .approval import Approval
from .columns import JSONField

if TYPE_CHECKING:
    pass


class Decision(models.Model):
    """One person's answer; never changed."""

    id = models.BigAutoField(primary_key=True)
    approval = models.ForeignKey(Approval, models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    username = models.TextField()
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    on_behalf_of_name = models.TextField(default="", blank=True)
    verdict = models.TextField(choices=Approval.Verdict.choices)
    comment = models.TextField(default="", blank=True)
    #: What was filled into the form, as JSON.
    data = JSONField(null=True, blank=True)
    #: Through what it came: admin, site, api, link, sql or python.
    channel = models.TextField(default="", blank=True)
    #: Of what was shown to who decided.
    snapshot_hash = models.TextField(default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "username"], name="pgworkflows_decision_one_per_person"),
            models.UniqueConstraint(
                F("approval"),
                F("on_behalf_of_name"),
                condition=~Q(on_behalf_of_name=""),
                name="pgworkflows_decision_one_per_principal",
            ),
        ]

    def __str__(self) -> str:
        stood_in = f" for {self.on_behalf_of_name}" if self.on_behalf_of_name else ""
        return f"{self.username}{stood_in}: {self.verdict}"
