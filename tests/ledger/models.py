"""Business rows for the engine's tests to write."""

import datetime
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


class Labels(models.TextField):
    """A field whose values JSON does not have."""

    def from_db_value(self, value, expression, connection):
        """Read a set."""
        return self.to_python(value)

    def to_python(self, value):
        """Read a set."""
        return value if isinstance(value, frozenset) else frozenset(filter(None, value.split(",")))

    def get_prep_value(self, value):
        """Write a set."""
        return ",".join(sorted(value))

    def value_to_string(self, obj):
        """Write a set."""
        return self.get_prep_value(self.value_from_object(obj))


class Document(models.Model):
    """A row that others inherit from, with columns of other packages' kinds."""

    title = models.TextField(default="Lease")
    total = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    labels = Labels(default="b,a")
    rate = models.FloatField(default=1.5)
    span = models.DurationField(default=datetime.timedelta(hours=1))
    scan = models.BinaryField(default=b"x", editable=True)
    password = models.TextField(default="sesame-4711")
    access_token = models.TextField(default="sesame-4711")
    views = models.IntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)


class Contract(Document):
    """It has its total from its parent."""

    partner = models.ForeignKey(Account, models.SET_NULL, null=True)


class SignedContract(Contract):
    """The same rows."""

    class Meta:
        proxy = True


class Clause(models.Model):
    """A row that belongs to a contract."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="clauses")
    text = models.TextField()

    def __str__(self) -> str:
        """Return the text."""
        return self.text
