"""Business rows for the engine's tests to write."""

import uuid

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


class Purchase(models.Model):
    """A row with columns of many kinds, for triggers."""

    status = models.TextField(default="OPEN")
    total = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    buyer = models.ForeignKey(Account, models.CASCADE, null=True)
    placed_at = models.DateTimeField(null=True)
    details = models.JSONField(default=dict)

    workflows = WorkflowRelation()


class Ticket(models.Model):
    """A row with a text key."""

    code = models.CharField(primary_key=True, max_length=20)

    workflows = WorkflowRelation()


class Parcel(models.Model):
    """A row with a UUID key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    workflows = WorkflowRelation()
