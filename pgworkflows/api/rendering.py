"""Answers as JSON, in one form whatever the project's REST_FRAMEWORK says."""

from __future__ import annotations

from rest_framework.renderers import JSONRenderer


class PlainJSONRenderer(JSONRenderer):
    """UTF-8, compact, and without NaN, which JSON does not know."""

    ensure_ascii = False
    compact = True
    strict = True


class CSVRenderer(PlainJSONRenderer):
    """Answers who ask for CSV; what it renders itself is only a problem, as JSON."""

    media_type = "text/csv"
    format = "csv"
