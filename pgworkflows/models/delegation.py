"""Who stands in for whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..values.people import User
from .columns import JSONField, in_reach
from .functions import DatabaseNow
from .people import person


class DelegationQuerySet(models.QuerySet["Delegation"]):
    """Scopes named for what they find."""

    def current(self) -> DelegationQuerySet:
        """Find what holds now."""
        return self.filter(starts_at__lte=DatabaseNow(), ends_at__gt=DatabaseNow())

    def of(self, user: User) -> DelegationQuerySet:
        """Find those that this user gave or got."""
        found = person(user, self.db)
        return self.none() if found is None else self.filter(Q(delegator=found) | Q(delegate=found))


class Delegation(models.Model):
    """Out of office: `delegate` may decide for `delegator`, from one time to another.

    A delegate of a delegate may not. Ending one early moves `ends_at`; nothing is deleted.
    """

    id = models.BigAutoField(primary_key=True)
    delegator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("who is away")
    )
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("who stands in"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    #: Which `Approval.kind`s; an empty list means all.
    kinds = JSONField(_("kinds"), default=list, blank=True)
    reason = models.TextField(_("reason"), default="", blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="pgworkflows_delegation_ends_after_start"),
            models.CheckConstraint(condition=~Q(delegator=F("delegate")), name="pgworkflows_delegation_to_another"),
            in_reach("delegation", "starts_at", "ends_at", "created_at"),
        ]
        indexes = [models.Index(fields=["delegator", "ends_at"], name="pgworkflows_delegation_given")]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.delegator}, {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"
