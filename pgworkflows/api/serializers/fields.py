"""Fields that say exactly what they take and show."""

from __future__ import annotations

from typing import Any

from django.db import models
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import ISO_8601, serializers

from ...presentation.waits import told, waits_of
from ...values.durations import IN_REACH, is_in_reach
from ...values.plain import plain
from ...values.readable import fields_of
from ...values.redaction import Redactor

ANYTHING: dict[str, Any] = {}
OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": {}}


class StrictSerializer(serializers.Serializer[Any]):
    """A body; what it does not know it refuses, instead of dropping it."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown keys, then read the known ones."""
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(key) for key in data.keys() - writable)
            if unknown:
                raise serializers.ValidationError({key: ["There is no such field."] for key in unknown})
        return super().to_internal_value(data)


class StrictSerializerExtension(OpenApiSerializerExtension):
    """Say in the OpenAPI document what StrictSerializer does."""

    target_class = "pgworkflows.api.serializers.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Add that there are no other properties."""
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema | {"additionalProperties": False}


class Moment(serializers.DateTimeField):
    """A time in ISO 8601, whatever the project's REST_FRAMEWORK says, that can be read in every time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=ISO_8601, input_formats=[ISO_8601], **kwargs)

    def to_internal_value(self, value: Any) -> Any:
        """Refuse what is out of reach."""
        try:
            found = super().to_internal_value(value)
            if is_in_reach(found):
                return found
        except OverflowError:
            pass
        raise serializers.ValidationError(IN_REACH)


class ShownRow(serializers.ModelSerializer[Any]):
    """A row as it is shown, and never written."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {models.DateTimeField: Moment}
    redactor: Redactor | None = None

    def redactor_for(self, row: Any) -> Redactor | None:
        """Return what hides the row's secrets; None for that of the row that it belongs to."""
        found: Redactor | None = self.context.get("redactor")
        return found

    def to_representation(self, row: Any) -> dict[str, Any]:
        """Show it without secrets."""
        self.redactor = self.redactor_for(row)
        shown: dict[str, Any] = super().to_representation(row)
        return shown


def redactor_of(field: serializers.Field[Any, Any, Any, Any]) -> Redactor:
    """Return what hides the secrets of the row that a field stands in."""
    above: Any = field.parent
    while above is not None:
        if getattr(above, "redactor", None) is not None:
            found: Redactor = above.redactor
            return found
        above = above.parent
    return Redactor()


class Prose(serializers.CharField):
    """Text that may tell of anything, shown without secrets."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Hide what has to be hidden."""
        return redactor_of(self).text(str(value))


class ShownRowExtension(StrictSerializerExtension):
    """Say that nothing else is shown."""

    target_class = "pgworkflows.api.serializers.fields.ShownRow"


class Text(serializers.CharField):
    """Text as it is, not empty, and no number or boolean that could be read as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=1, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what JSON does not call a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(bool)
class YesOrNo(serializers.Field[bool, Any, bool, Any]):
    """A JSON boolean."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Refuse what JSON does not call a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data

    def to_representation(self, value: bool) -> bool:
        """Return it."""
        return value


class WholeNumber(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse what JSON does not call an integer."""
        if isinstance(data, float) and data.is_integer():  # JSON does not tell 1.0 from 1
            data = int(data)
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(ANYTHING)
class AnyJSON(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value, taken as it is; the store refuses what it cannot keep."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Take null as a value like others; `allow_null` would not say so in the document."""
        return (True, None) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> Any:
        """Take it."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Show it without tags and secrets."""
        return redactor_of(self).data(plain(value))


@extend_schema_field(OBJECT)
class ObjectJSON(AnyJSON):
    """A JSON object."""

    default_error_messages = {"invalid": "Must be an object."}

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Refuse null as no object."""
        return (False, data) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse what is no object."""
        if not isinstance(data, dict):
            self.fail("invalid")
        return data


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "title": {"type": "string"}, "text": {"type": "string"}},
            "required": ["kind", "title", "text"],
            "additionalProperties": {},
        },
    }
)
class WaitsField(serializers.Field[Any, Any, Any, Any]):
    """What a workflow waits for: kind, title and facts, and as text, without secrets."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> list[dict[str, Any]]:
        """Show each wait."""
        redactor = redactor_of(self)
        return [{"kind": "", "title": "", **redactor.data(wait), "text": told(wait, redactor.text)} for wait in waits_of(value)]


class OneOf(serializers.ChoiceField):
    """A value of an enum of the models, which is a component of its own in the OpenAPI document."""

    def __init__(self, choices: type[models.TextChoices], **kwargs: Any) -> None:
        self.component = choices.__qualname__.replace(".", "")
        super().__init__(choices=choices.choices, **kwargs)


class OneOfExtension(OpenApiSerializerFieldExtension):
    """Name the component, so that fields of the same values share it."""

    target_class = "pgworkflows.api.serializers.fields.OneOf"

    def get_name(self) -> str:
        """Return the component's name."""
        return str(self.target.component)

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """List the values."""
        return {"type": "string", "enum": list(self.target.choices)}


@extend_schema_field(
    {
        "type": "object",
        "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
        "required": ["type", "message"],
        "additionalProperties": False,
    }
)
class ErrorField(serializers.Field[Any, Any, Any, Any]):
    """What a workflow or a task failed with, without secrets; the traceback stays inside."""

    def to_representation(self, value: Any) -> dict[str, str]:
        """Show its class and its message."""
        recorded = fields_of(value)
        message = redactor_of(self).text(str(recorded.get("message", "")))
        return {"type": str(recorded.get("type", "")).removeprefix("builtins:"), "message": message}
