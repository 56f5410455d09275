"""Workflows, their tasks and history, and what may be asked of them."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ...models import History, Task, Workflow, WorkflowDefinition
from ...values.encoding import TAGGED
from ...values.plain import plain
from ...values.redaction import Redactor, redacted
from .fields import (  # fmt: skip
    AnyJSON,
    ErrorField,
    Moment,
    ObjectJSON,
    OneOf,
    Prose,
    ShownRow,
    StrictSerializer,
    Text,
    WaitsField,
    WholeNumber,
    YesOrNo,
)


class Subject(StrictSerializer):
    """A business row."""

    model = Text(help_text="`app_label.model`, as in `shop.order`.")
    id = Text(help_text="Its primary key, as text.")


@extend_schema_field(Subject(allow_null=True))
class SubjectField(serializers.Field[Any, Any, Any, Any]):
    """The business row that a row is about, or null."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        """Show its model and key."""
        return {"model": value.subject_label, "id": value.subject_id} if value.subject_label else None


class WorkflowSummary(ShownRow):
    """A workflow, without what it was given and what it made."""

    status = OneOf(Workflow.Status, read_only=True)
    state = Prose()
    waiting_for = WaitsField()
    subject_text = Prose(source="subject_shown")
    attributes = ObjectJSON(read_only=True)
    subject = SubjectField()
    requested_by = serializers.CharField(source="requested_by_name", read_only=True)

    class Meta:
        model = Workflow
        fields: tuple[str, ...] = (
            "id", "name", "version", "key", "status", "state", "waiting_for", "queue", "priority", "attributes", "subject",
            "subject_text", "requested_by", "parent", "created_at", "started_at", "finished_at", "available_at",
            "cancel_requested_at",
        )  # fmt: skip
        read_only_fields = fields

    def redactor_for(self, row: Workflow) -> Redactor:
        """Hide what it was given and what it made."""
        return Redactor.of_workflow(row)


class WorkflowDetail(WorkflowSummary):
    """All of a workflow."""

    kwargs = serializers.SerializerMethodField()
    result = AnyJSON(read_only=True)
    error = ErrorField(read_only=True, allow_null=True)

    class Meta(WorkflowSummary.Meta):
        fields = (*WorkflowSummary.Meta.fields, "kwargs", "result", "error", "deadline", "root")
        read_only_fields = fields

    def redactor_for(self, row: Workflow) -> Redactor:
        """Hide what is recorded of its tasks too."""
        return Redactor.of_run(row)

    @extend_schema_field(ObjectJSON)
    def get_kwargs(self, workflow: Workflow) -> Any:
        """Show the arguments; those that came from SQL have no tags."""
        assert self.redactor is not None
        return self.redactor.data(plain(workflow.kwargs) if workflow.format == TAGGED else workflow.kwargs)


class TaskEntry(ShownRow):
    """One recorded unit of a workflow."""

    kind = OneOf(Task.Kind, read_only=True)
    name = Prose()
    status = OneOf(Task.Status, read_only=True)
    correlation = Prose(allow_null=True)
    payload = AnyJSON(read_only=True)
    result = AnyJSON(read_only=True)
    error = ErrorField(read_only=True, allow_null=True)

    class Meta:
        model = Task
        fields = (
            "id", "branch", "seq", "kind", "name", "status", "attempt", "correlation", "child", "compensates", "payload",
            "result", "error", "due_at", "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class HistoryEntry(ShownRow):
    """One change of a status or a state."""

    event = OneOf(History.Event, read_only=True)
    state = Prose()
    note = Prose()
    data = AnyJSON(read_only=True)  # type: ignore[assignment] # a field of that name

    class Meta:
        model = History
        fields = (
            "id", "task", "approval", "event", "from_status", "to_status", "state", "attempt", "at", "actor", "session_user",
            "channel", "note", "data",
        )  # fmt: skip
        read_only_fields = fields


class Parameter(serializers.Serializer[Any]):
    """One argument of a definition."""

    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment] # a field of that name
    default = AnyJSON()


class Definition(ShownRow):
    """A workflow's declaration."""

    api = serializers.SerializerMethodField(help_text="Whether it may be started here.")
    parameters = serializers.SerializerMethodField()
    steps = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = WorkflowDefinition
        fields = ("name", "version", "api", "parameters", "steps")
        read_only_fields = fields

    def get_api(self, definition: WorkflowDefinition) -> bool:
        """Read the option."""
        return bool(definition.options.get("api"))

    @extend_schema_field(Parameter(many=True))
    def get_parameters(self, definition: WorkflowDefinition) -> Any:
        """List the arguments in order."""
        given, shown = definition.defaults, redacted(plain(definition.defaults))
        return [{"name": name, "required": name not in given, "default": shown.get(name)} for name in definition.parameters]


class Start(StrictSerializer):
    """What to start."""

    name = Text(help_text="A definition declared with `@workflow(api=True)`.")
    version = WholeNumber(min_value=1, max_value=2**31 - 1, required=False, help_text="The highest by default.")
    kwargs = ObjectJSON(required=False, help_text="The arguments by name, as plain JSON; converted by their annotations.")
    key = Text(required=False, max_length=1000, help_text="Unique per name: the same key and arguments are one workflow.")
    run_after = Moment(required=False)
    subject = Subject(required=False)
    attributes = ObjectJSON(required=False, help_text="Searchable labels.")


class Cancel(StrictSerializer):
    """Why to end it."""

    reason = Text()
    compensate = YesOrNo(required=False, help_text="Whether its completed steps are undone first: true by default.")


class Compensate(StrictSerializer):
    """Why to undo it."""

    reason = Text()


class Retry(StrictSerializer):
    """Nothing has to be said."""


class EventTo(StrictSerializer):
    """An event for one workflow."""

    name = Text(validators=[RegexValidator(r"^[^$]")], help_text="It does not begin with `$`.")
    payload = AnyJSON(required=False)
    key = Text(required=False, max_length=1000, help_text="The same key is sent once.")


class CorrelatedEvent(EventTo):
    """An event for the oldest workflow that waits under a correlation, now or later."""

    correlation = Text(max_length=1000)
