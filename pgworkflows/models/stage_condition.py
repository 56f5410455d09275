"""When a stage opens."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .stage import ApprovalStage


class StageCondition(models.Model):
    """A stage opens if all its conditions hold; a value is compared as a number, a date, or text, and never evaluated."""

    class Operator(models.TextChoices):
        EQ = "eq", _("is")
        NE = "ne", _("is not")
        LT = "lt", _("is less than")
        LE = "le", _("is at most")
        GT = "gt", _("is more than")
        GE = "ge", _("is at least")

    id = models.BigAutoField(primary_key=True)
    stage = models.ForeignKey(ApprovalStage, models.CASCADE, related_name="conditions")
    attribute = models.TextField(_("attribute"))
    operator = models.TextField(_("operator"), choices=Operator.choices)
    value = models.TextField(_("value"))

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")

    def __str__(self) -> str:
        return f"{self.attribute} {self.get_operator_display()} {self.value}"
