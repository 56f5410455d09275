"""What starts workflows by the clock."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ...models import Schedule
from ...values.redaction import Redactor
from .fields import Prose, ShownRow, StrictSerializer, Text


class ScheduleEntry(ShownRow):
    """One schedule: when it comes next, and whether it is paused."""

    every = serializers.SerializerMethodField(help_text="In seconds; null where `cron` says when.")
    pause_reason = Prose()
    left_out = serializers.SerializerMethodField(
        help_text="What began nothing when it was last looked at: why, from when to when."
    )

    class Meta:
        model = Schedule
        fields = (
            "id", "name", "workflow", "cron", "tz", "every", "starts_at", "ends_at", "overlap", "missed", "overridden",
            "paused_at", "pause_reason", "next_at", "left_out",
        )  # fmt: skip
        read_only_fields = fields

    def redactor_for(self, row: Any) -> Redactor:
        """Hide what is secret in its arguments, which errors may tell."""
        return Redactor.of(row.kwargs)

    def get_every(self, schedule: Schedule) -> float | None:
        """Return the step in seconds."""
        return None if schedule.every is None else schedule.every.total_seconds()

    def get_left_out(self, schedule: Schedule) -> list[dict[str, str]]:
        """Return the times that were left out."""
        return [{name: self.redactor_for(schedule).text(text) for name, text in skip.items()} for skip in schedule.last_skips]


class Trigger(StrictSerializer):
    """Nothing has to be said."""


class PauseSchedule(StrictSerializer):
    """Why."""

    reason = Text()


class ResumeSchedule(StrictSerializer):
    """Why, if there is more to say."""

    reason = Text(required=False)
