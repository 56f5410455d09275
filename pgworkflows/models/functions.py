"""Database functions for querysets."""

from __future__ import annotations

from django.db.models import DateTimeField, Func


class DatabaseNow(Func):
    """The only clock: pgworkflows.now()."""

    function = "pgworkflows.now"
    output_field = DateTimeField()
