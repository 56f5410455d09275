"""Columns of which every row can be read, whatever SQL has put in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from ..values.readable import EARLIEST, LATEST, LONGEST, read_json


class JSONField(models.JSONField):
    """JSON in which a note stands for what Python cannot read: too many digits, too many levels."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Read what the server sent as text; a key of it may come as a value."""
        if value is None or (isinstance(expression, KeyTransform) and not isinstance(value, str)):
            return value
        try:
            return read_json(value)
        except ValueError:
            return value


def in_reach(model: str, *columns: str) -> models.CheckConstraint:
    """Return the constraint that these moments can be read in every time zone."""
    return models.CheckConstraint(condition=_between(EARLIEST, LATEST, columns), name=f"pgworkflows_{model}_moments_in_reach")


def bounded(model: str, *columns: str) -> models.CheckConstraint:
    """Return the constraint that these lengths of time lie between zero and a hundred years."""
    return models.CheckConstraint(
        condition=_between(timedelta(0), LONGEST, columns), name=f"pgworkflows_{model}_durations_bounded"
    )


def _between(least: Any, most: Any, columns: tuple[str, ...]) -> Q:
    """Bound those that are not null, in few words: each statement that writes has the condition read anew."""
    if len(columns) == 1:
        return Q(**{f"{columns[0]}__range": (least, most)})
    kind = models.DateTimeField() if isinstance(least, datetime) else models.DurationField()
    earliest, latest = Least(*columns, output_field=kind), Greatest(*columns, output_field=kind)
    return Q(GreaterThanOrEqual(earliest, least)) & Q(LessThanOrEqual(latest, most))
