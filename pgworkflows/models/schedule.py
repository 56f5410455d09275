"""When workflows are started by the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..values.timetable import Timetable, in_utc
from .columns import JSONField, bounded, in_reach
from .functions import DatabaseNow

#: What code declares, and the admin may override.
DECLARED = (
    "workflow", "kwargs", "format", "cron", "tz", "every", "offset", "starts_at", "ends_at", "jitter", "overlap", "missed",
    "catch_up", "queue", "priority",
)  # fmt: skip
#: Those that the timetable is made of.
TIMETABLE = ("name", "cron", "tz", "every", "offset", "starts_at", "ends_at", "jitter")


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    """Scopes named for what they find."""

    def due(self, workflows: Iterable[str]) -> ScheduleQuerySet:
        """Find what has to be looked at now and starts one of these workflows, the longest due first."""
        return self.filter(paused_at=None, due_at__lte=DatabaseNow(), workflow__in=list(workflows)).order_by("due_at")


class Schedule(models.Model):
    """Starts a workflow at its times. Each nominal time starts one run at most: the run's key is made of both.

    `next_at` is the nominal time that comes next, null behind the last; `due_at` is when a worker has to look at it.
    """

    class Overlap(models.TextChoices):
        # Leave a time out while a run is unfinished.
        SKIP = "skip", _("leave the time out")
        # Have one wait for the end of the run, and leave out what comes while it waits.
        QUEUE_ONE = "queue_one", _("have one wait")
        ALLOW = "allow", _("begin all the same")
        # Ask the unfinished one to cancel, and begin at once.
        CANCEL_RUNNING = "cancel_running", _("cancel the one that runs")

    class Missed(models.TextChoices):
        # One run for all times that were missed, for the last of them.
        LAST = "last", _("begin the last")
        ALL = "all", _("begin each")

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(_("name"), unique=True)
    workflow = models.TextField(_("workflow"))
    kwargs = JSONField(_("arguments"), default=dict, blank=True)
    #: How they are encoded, as in Workflow.
    format = models.SmallIntegerField(default=1)
    cron = models.TextField(_("cron"), default="", blank=True)
    tz = models.TextField(_("time zone"), default="UTC")
    every = models.DurationField(_("every"), null=True, blank=True)
    offset = models.DurationField(_("offset"), default=timedelta(0))
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)
    jitter = models.DurationField(_("jitter"), default=timedelta(0))
    overlap = models.TextField(_("while one runs"), choices=Overlap.choices, default=Overlap.SKIP)
    missed = models.TextField(_("of what was missed"), choices=Missed.choices, default=Missed.LAST)
    catch_up = models.DurationField(_("catch up"), default=timedelta(days=1))
    queue = models.TextField(_("queue"), default="", blank=True)
    priority = models.SmallIntegerField(_("priority"), null=True, blank=True)
    #: What code says, as it stands in these columns; null where people made it.
    declared = JSONField(null=True, blank=True, editable=False)
    #: Whether somebody has changed what code says.
    overridden = models.BooleanField(default=False, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    edited_by_name = models.TextField(default="", blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_reason = models.TextField(default="", blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The time whose run waits for the end of another one.
    queued_for = models.DateTimeField(null=True, blank=True, editable=False)
    #: What was left out when it was last looked at, and why; the history has all of it.
    last_skips = JSONField(default=list, blank=True, editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ("name",)
        permissions = [("trigger_schedule", _("Can start what a schedule starts, now and for times that are past"))]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(cron="") & Q(every=None)) | (Q(cron="") & Q(every__isnull=False)),
                name="pgworkflows_schedule_cron_or_every",
            ),
            models.CheckConstraint(
                condition=Q(priority=None) | Q(priority__range=(-100, 100)), name="pgworkflows_schedule_priority_range"
            ),
            in_reach("schedule", "starts_at", "ends_at", "paused_at", "next_at", "due_at", "queued_for"),
            bounded("schedule", "every", "offset", "jitter", "catch_up"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(paused_at=None, due_at__isnull=False), name="pgworkflows_schedule_due")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timetable(self) -> Timetable:
        """When it is due."""
        return Timetable(**{column: getattr(self, column) for column in TIMETABLE})

    @property
    def differs_from_code(self) -> list[str]:
        """Name the columns that say something else than code does."""
        if self.declared is None:
            return []
        said: dict[str, Any] = self.declared
        return [column for column, text in self.as_declared().items() if said.get(column) != text]

    def as_declared(self) -> dict[str, Any]:
        """Return the columns that code declares, as JSON has them."""
        return {name: _plain(getattr(self, name)) for name in DECLARED}

    def be_as(self, declared: dict[str, Any]) -> None:
        """Set the columns that code declares to what it says, without saving."""
        for name, text in declared.items():
            field = self._meta.get_field(name)
            value: Any = text
            if isinstance(field, models.DurationField) and text is not None:
                value = timedelta(seconds=text)
            elif isinstance(field, models.DateTimeField) and text is not None:
                value = datetime.fromisoformat(text)
            setattr(self, name, value)


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return in_utc(value).isoformat() if isinstance(value, datetime) else value
