"""What was said or done about an approval beside deciding it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .approval import Approval

if TYPE_CHECKING:
    pass


class ApprovalAction(models.Model):
    """What was said or done about an approval beside deciding it; never changed."""

    class Verb(models.TextChoices):
        # Somebody said something.
        COMMENT = "comment", _("comment")
        # Somebody else is asked.
        REASSIGN = "reassign", _("reassigned")
        # The requester asks again.
        RESUBMIT = "resubmit", _("resubmitted")
        # Those asked were reminded.
        REMIND = "remind", _("reminder")
        # Nobody decided in time, so more people are asked.
        ESCALATE = "escalate", _("escalated")
        # The policy found nobody, so its fallback group is asked.
        FALL_BACK = "fall_back", _("fallback group asked")
        # A stage before this one was passed over.
        SKIP_STAGE = "skip_stage", _("stage skipped")
        # The subject changed between two stages, so all are asked again.
        START_OVER = "start_over", _("asked again, since the subject changed")

    id = models.BigAutoField(primary_key=True)
    approval = models.ForeignKey(Approval, models.CASCADE, related_name="actions")
    verb = models.TextField(choices=Verb.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    username = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    channel = models.TextField(default="", blank=True)
    #: Whether who did it may not decide any more, having chosen who does.
    keeps_out = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("approval action")
        verbose_name_plural = _("approval actions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.username or 'worker'}: {self.verb}"
