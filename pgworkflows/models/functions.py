"""Database functions for querysets."""

from __future__ import annotations

from django.db.models import DateTimeField, F, Func


class DatabaseNow(Func):
    """The only clock: pgworkflows.now()."""

    function = "pgworkflows.now"
    output_field = DateTimeField()


_PATH = Func(F("branch"), template="string_to_array(regexp_replace(%(expressions)s, '[^0-9]+', ',', 'g'), ',')::integer[]")
#: What tasks and approvals are sorted by: by their position, as if branches ran one after another.
BY_POSITION = Func(_PATH, F("seq"), function="array_append")
