"""Business rows for the programs to write: no constraint keeps a second one out, so that it is seen."""

from __future__ import annotations

from django.db import models


class Row(models.Model):
    """One effect of an atomic step, or of the request that started the workflow."""

    number = models.IntegerField()
    label = models.TextField()
    kind = models.TextField()
    #: For the step that refers to a row that is not there, which shows only at COMMIT.
    refers_to = models.ForeignKey("self", models.CASCADE, null=True, db_index=False)

    objects: models.Manager[Row] = models.Manager()

    def __str__(self) -> str:
        return f"{self.number}/{self.label} {self.kind}"


class Account(models.Model):
    """A hot row."""

    units = models.IntegerField(default=0)

    objects: models.Manager[Account] = models.Manager()

    def __str__(self) -> str:
        return f"account {self.pk}"
