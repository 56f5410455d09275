"""What a workflow is asked, and its answer."""

from __future__ import annotations

from rest_framework import serializers

from ...models import Request
from ...values.redaction import Redactor
from .fields import AnyJSON, Prose, ShownRow, StrictSerializer, Text


class Ask(StrictSerializer):
    """What to ask a workflow."""

    name = Text(max_length=1000)
    payload = AnyJSON(required=False)


class RequestEntry(ShownRow):
    """A request as it stands."""

    name = Prose()
    status = serializers.ChoiceField(("pending", "answered", "refused"), read_only=True)
    taken = serializers.SerializerMethodField(help_text="Whether the workflow has taken it.")
    payload = AnyJSON(read_only=True)
    answer = AnyJSON(read_only=True)

    class Meta:
        model = Request
        fields = ("id", "name", "status", "taken", "payload", "answer", "asked_at", "asked_by", "answered_at")
        read_only_fields = fields

    def redactor_for(self, row: Request) -> Redactor:
        """Hide what its workflow was given and what it made."""
        return Redactor.of_run(row.workflow)

    def get_taken(self, row: Request) -> bool:
        """Whether a wait has it."""
        return row.task_id is not None
