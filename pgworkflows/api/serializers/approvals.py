"""Approvals, and what people answer."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ...definitions.registry import registry
from ...models import Approval, ApprovalAction, Decision
from ...models.people import names_of
from ...presentation.summaries import summary_of
from ...store.approvals import decisions
from ...values.redaction import Redactor
from .fields import OBJECT, AnyJSON, ObjectJSON, OneOf, Prose, ShownRow, StrictSerializer, Text
from .workflows import SubjectField


class DecisionEntry(ShownRow):
    """One person's answer."""

    verdict = OneOf(Approval.Verdict, read_only=True)
    comment = Prose()
    user = serializers.CharField(source="username", read_only=True)
    on_behalf_of = serializers.CharField(source="on_behalf_of_name", read_only=True)
    data = AnyJSON(read_only=True)  # type: ignore[assignment] # a field of that name

    class Meta:
        model = Decision
        fields = ("id", "user", "on_behalf_of", "verdict", "comment", "data", "channel", "snapshot_hash", "at")
        read_only_fields = fields


class ActionEntry(ShownRow):
    """What was said or done beside deciding."""

    verb = OneOf(ApprovalAction.Verb, read_only=True)
    note = Prose()
    user = serializers.CharField(source="username", read_only=True)

    class Meta:
        model = ApprovalAction
        fields = ("id", "verb", "user", "note", "channel", "at")
        read_only_fields = fields


class ApprovalSummary(ShownRow):
    """One question to people: one stage of one round of a request."""

    status = OneOf(Approval.Status, read_only=True)
    title = Prose()
    policy = serializers.CharField(source="policy.name", read_only=True, default=None, allow_null=True)
    policy_version = serializers.IntegerField(source="policy.version", read_only=True, default=None, allow_null=True)
    stage = serializers.CharField(source="stage.name", read_only=True, default=None, allow_null=True)
    subject = SubjectField()
    summary = serializers.SerializerMethodField(help_text="What stands first of `snapshot`, as the subject's model declares it.")
    requested_by = serializers.CharField(source="requested_by_name", read_only=True)
    attributes = ObjectJSON(read_only=True)
    agreed = serializers.SerializerMethodField(help_text="How many have approved it.")

    class Meta:
        model = Approval
        fields: tuple[str, ...] = (
            "id", "workflow", "kind", "title", "status", "policy", "policy_version", "stage", "round", "quorum", "agreed",
            "subject", "summary", "requested_by", "attributes", "created_at", "due_at", "decided_at", "revision",
        )  # fmt: skip
        read_only_fields = fields

    def redactor_for(self, row: Approval) -> Redactor:
        """Hide what it and its workflow were given."""
        return Redactor.of_approval(row)

    @extend_schema_field(OBJECT)
    def get_summary(self, approval: Approval) -> dict[str, Any]:
        """Take it out of the snapshot."""
        return summary_of(approval, self.redactor_for(approval))

    def get_agreed(self, approval: Approval) -> int:
        """Count in what was fetched with the approval."""
        return sum(decision.verdict == Approval.Verdict.APPROVE for decision in approval.decisions.all())


class FormField(serializers.Serializer[Any]):
    """One field of the form that an approval fills in, in `data`."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of that name
    help = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment] # a field of that name


class ApprovalDetail(ApprovalSummary):
    """All of an approval, and how the reader stands to it."""

    description = Prose()
    snapshot = AnyJSON(source="shown", read_only=True, help_text="What is shown of the subject.")
    users = serializers.SerializerMethodField()
    groups = serializers.SerializerMethodField()
    could_decide = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="When it opened.")
    may_decide = serializers.SerializerMethodField(help_text="Who may decide now; their delegates in addition.")
    refusal = serializers.SerializerMethodField(help_text="Why the reader cannot decide now; empty for one who can.")
    stands_in_for = serializers.SerializerMethodField(help_text="For whom the reader may decide, being their delegate.")
    requester_known = serializers.BooleanField(
        source="requester_is_known", read_only=True, help_text="If not, nobody is kept from deciding as who asked."
    )
    form = serializers.SerializerMethodField(help_text="What `data` of an approval has to hold.")
    decisions = DecisionEntry(many=True, read_only=True)
    actions = ActionEntry(many=True, read_only=True)

    class Meta(ApprovalSummary.Meta):
        fields = (
            *ApprovalSummary.Meta.fields, "description", "snapshot", "snapshot_hash", "users", "groups", "could_decide",
            "may_decide", "refusal", "stands_in_for", "requester_known", "form", "resubmitted_at", "escalated_at",
            "decisions", "actions",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_users(self, approval: Approval) -> list[str]:
        """Name the users that it asks."""
        return names_of(approval.users.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_groups(self, approval: Approval) -> list[str]:
        """Name the groups that it asks."""
        return sorted(group.name for group in approval.groups.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_may_decide(self, approval: Approval) -> list[str]:
        """Ask the verb's own rule."""
        return decisions.who_may_decide(approval) if approval.status == Approval.Status.PENDING else []

    def get_refusal(self, approval: Approval) -> str:
        """Ask the verb's own rule."""
        return decisions.refusal(approval, self.context["request"].user)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_stands_in_for(self, approval: Approval) -> list[str]:
        """Ask the verb's own rule."""
        return decisions.principals(approval, self.context["request"].user)

    @extend_schema_field(FormField(many=True))
    def get_form(self, approval: Approval) -> list[dict[str, Any]]:
        """Describe the form, if it asks for one."""
        form = registry.form(approval.form)
        return [
            {"name": name, "label": str(field.label or name), "help": str(field.help_text), "required": field.required}
            for name, field in (form().fields.items() if form is not None else ())
        ]


SAYS_SOMETHING = RegexValidator(r"\S", "Say why.")


class Approve(StrictSerializer):
    """Agreeing."""

    comment = Text(required=False)
    data = ObjectJSON(required=False, help_text="What the approval's form asks for.")  # type: ignore[assignment] # a field of that name
    on_behalf_of = Text(required=False, help_text="The name of whom a delegate stands in for, where there are several.")


class Refuse(Approve):
    """Rejecting, or asking for changes."""

    comment = Text(validators=[SAYS_SOMETHING])


class Resubmit(StrictSerializer):
    """Asking again."""

    comment = Text(required=False)


class Withdraw(StrictSerializer):
    """Taking a request back."""

    reason = Text(validators=[SAYS_SOMETHING])


class Comment(StrictSerializer):
    """Saying something."""

    text = Text(validators=[SAYS_SOMETHING])


class Reassign(StrictSerializer):
    """Having somebody else asked."""

    to = Text(help_text="The name of a user, or of a group.")
    kind = serializers.ChoiceField(["user", "group"], required=False, help_text="What `to` names: a user by default.")
    reason = Text(validators=[SAYS_SOMETHING])
