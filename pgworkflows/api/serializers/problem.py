"""The body of an error, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .fields import AnyJSON


class ProblemError(serializers.Serializer[Any]):
    """One thing that is wrong."""

    field = serializers.CharField(help_text="Dotted, as in `kwargs.order_id`; empty where the whole body is meant.")
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="What kind of problem, as a URN: `urn:pgworkflows:problem:already-decided`.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment] # a field of that name
    difference = AnyJSON(required=False, help_text="Of a subject that changed: what was shown, and what is there now.")
