"""Which requests were answered, so that a repeated one gets the same answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .columns import JSONField


class IdempotencyKey(models.Model):
    """The answer to a request that carried `Idempotency-Key`, stored in the transaction of its effect."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    key = models.TextField()
    method = models.TextField()
    path = models.TextField()
    #: SHA-256 of the body, in hexadecimal.
    body_hash = models.TextField()
    status = models.SmallIntegerField(null=True)
    response = JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="pgworkflows_idempotency_one_per_key")]

    def __str__(self) -> str:
        return self.key
