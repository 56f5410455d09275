"""Who stands in for whom."""

from __future__ import annotations

from rest_framework import serializers

from ...models import Delegation
from ...models.people import name_of
from .fields import Moment, Prose, ShownRow, StrictSerializer, Text


class DelegationEntry(ShownRow):
    """One delegation, given or got."""

    delegator = serializers.SerializerMethodField()
    delegate = serializers.SerializerMethodField()
    reason = Prose()
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Of approvals; none means all.")

    class Meta:
        model = Delegation
        fields = ("id", "delegator", "delegate", "starts_at", "ends_at", "kinds", "reason", "created_at")
        read_only_fields = fields

    def get_delegator(self, delegation: Delegation) -> str:
        """Name who is away."""
        return name_of(delegation.delegator)

    def get_delegate(self, delegation: Delegation) -> str:
        """Name who stands in."""
        return name_of(delegation.delegate)


class Delegate(StrictSerializer):
    """Letting somebody stand in for oneself."""

    delegate = Text(help_text="A username.")
    starts_at = Moment(required=False, help_text="Now, if left out.")
    ends_at = Moment()
    kinds = serializers.ListField(child=Text(), required=False, help_text="Of approvals; none means all.")
    reason = Text(required=False)


class EndDelegation(StrictSerializer):
    """Nothing has to be said."""
