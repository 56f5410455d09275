"""Business rows for the engine's tests to write."""

from django.db import models

from pgworkflows import WorkflowRelation


class Entry(models.Model):
    """One effect: counted, to see that it happened exactly once."""

    name = models.TextField()
    account = models.ForeignKey("Account", models.CASCADE, null=True)


class Account(models.Model):
    """A hot row."""

    name = models.TextField()
    units = models.IntegerField(default=0)

    workflows = WorkflowRelation()
