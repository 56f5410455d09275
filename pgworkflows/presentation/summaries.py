"""What stands first of what an approval shows, as `describe_subject(summary=)` says."""

from __future__ import annotations

import json
from typing import Any

from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from ..definitions.registry import registry
from ..definitions.subjects import summary_names
from ..models import Approval
from ..models.columns import JSONField
from ..values.readable import fields_of
from ..values.redaction import Redactor

#: A longer value is cut where there is little room.
LONGEST = 80

# What SQL put in need not be an object.
IN_SHORT = """
(SELECT jsonb_object_agg(s.key, s.value)
 FROM jsonb_each(CASE jsonb_typeof(pgworkflows_approval.snapshot) WHEN 'object' THEN pgworkflows_approval.snapshot END) s
 WHERE s.key = ANY(%s))
"""


def in_short() -> dict[str, RawSQL]:
    """Return the annotation that reads of each snapshot what summaries name, for queries that defer the snapshot."""
    names = {name for description in registry.subjects.values() for name in description.summary}
    return {"in_short": RawSQL(IN_SHORT, [sorted(names)], output_field=JSONField())} if names else {}


def summary_of(approval: Approval, redactor: Redactor) -> dict[str, Any]:
    """Return the values in the declared order, secrets hidden; `approval` has its snapshot or was read with `in_short`."""
    names = summary_names(approval.subject_label)
    if not names:
        return {}
    found = fields_of(approval.in_short if hasattr(approval, "in_short") else approval.snapshot)
    return fields_of(redactor.data({name: found[name] for name in names if name in found}))


def summary_texts(approval: Approval, redactor: Redactor) -> list[tuple[str, str]]:
    """Return names and values as short texts."""
    return [(name.replace("_", " "), _text(value)) for name, value in summary_of(approval, redactor).items()]


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
    text = ", ".join(value) if listed else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
