"""The stages of a policy."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .approval import Approval
from .columns import bounded
from .policy import ApprovalPolicy


class ApprovalStage(models.Model):
    """One stage of a policy: whom it asks (users, groups, and whom the resolver finds), how many must agree, by when."""

    id = models.BigAutoField(primary_key=True)
    policy = models.ForeignKey(ApprovalPolicy, models.CASCADE, related_name="stages")
    position = models.SmallIntegerField(_("position"))
    name = models.TextField(_("name"))
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("users"))
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True, verbose_name=_("groups"))
    #: A name given to `@approvers`.
    resolver = models.TextField(_("resolver"), default="", blank=True)
    quorum = models.SmallIntegerField(_("quorum"), default=1)
    time_limit = models.DurationField(_("time limit"), null=True, blank=True)
    on_timeout = models.TextField(
        _("after the time limit"), choices=Approval.OnTimeout.choices, default=Approval.OnTimeout.EXPIRE
    )
    escalate_to = models.ManyToManyField("auth.Group", related_name="+", blank=True, verbose_name=_("escalate to"))
    remind_every = models.DurationField(_("remind every"), null=True, blank=True)
    skip_if_none = models.BooleanField(_("skip if it finds nobody"), default=False)

    class Meta:
        verbose_name = _("approval stage")
        verbose_name_plural = _("approval stages")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="pgworkflows_stage_one_per_position"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="pgworkflows_stage_quorum_positive"),
            bounded("stage", "time_limit", "remind_every"),
        ]

    def __str__(self) -> str:
        return self.name
