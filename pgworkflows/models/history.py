"""Who did what, when: append-only, and complete."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from .columns import JSONField

#: What an engine does by itself all day.
ROUTINE = (
    "start", "run", "wait", "requeue", "complete", "state",
    "attempt", "attempt_failed", "task_wait", "task_complete", "task_fail", "task_cancel",
)  # fmt: skip
#: What people did, also where a worker carried it out for them.
BY_PEOPLE = ~Q(channel="worker", event__in=ROUTINE)

#: What the history tells of schedules; `data` names which.
OF_SCHEDULES = ("configure", "pause", "resume", "skip")

#: As it happened: a commit's rows each have their moment, in the engine's order; ids need not follow it.
IN_ORDER = ("at", "id")


class HistoryQuerySet(models.QuerySet["History"]):
    """Scopes named for what they find."""

    def of_workflow(self, workflow: Any) -> HistoryQuerySet:
        """Find what happened to the workflow of this id, its tasks and its approvals, in order."""
        return self.filter(workflow=workflow).order_by(*IN_ORDER)

    def of_schedule(self, schedule: int) -> HistoryQuerySet:
        """Find what was changed about the schedule of this id and what it left out, the newest first."""
        return (
            self.filter(event__in=OF_SCHEDULES).annotate(about=KT("data__schedule")).filter(about=str(schedule)).order_by("-id")
        )


class History(models.Model):
    """One change of a status or a state, written by triggers only, in the transaction of the change.

    It outlives what it tells of, so it has ids but no foreign keys; and ids, statuses and notes but no arguments.
    """

    class Event(models.TextChoices):
        START = "start", _("started")
        RUN = "run", _("runs an outside step")
        WAIT = "wait", _("waits")
        REQUEUE = "requeue", _("back in line")
        COMPLETE = "complete", _("completed")
        FAIL = "fail", _("failed")
        COMPENSATE = "compensate", _("compensation begun")
        FINISH_COMPENSATION = "finish_compensation", _("compensated")
        CANCEL = "cancel", _("cancelled")
        BLOCK = "block", _("blocked")
        RETRY = "retry", _("retried")
        STATE = "state", _("state set")
        ATTEMPT = "attempt", _("attempt begun")
        ATTEMPT_FAILED = "attempt_failed", _("attempt failed")
        TASK_WAIT = "task_wait", _("wait opened")
        TASK_COMPLETE = "task_complete", _("task completed")
        TASK_FAIL = "task_fail", _("task failed")
        TASK_CANCEL = "task_cancel", _("task cancelled")
        TASK_RETRY = "task_retry", _("task retried")
        REQUEST = "request", _("approval requested")
        ASK = "ask", _("asked")
        UNASK = "unask", _("no longer asked")
        APPROVE = "approve", _("approved")
        REJECT = "reject", _("rejected")
        REQUEST_CHANGES = "request_changes", _("changes requested")
        RESUBMIT = "resubmit", _("resubmitted")
        EXPIRE = "expire", _("expired")
        WITHDRAW = "withdraw", _("withdrawn")
        CANCEL_APPROVAL = "cancel_approval", _("approval cancelled")
        DECIDE = "decide", _("decision")
        COMMENT = "comment", _("comment")
        REASSIGN = "reassign", _("reassigned")
        REMIND = "remind", _("reminded")
        ESCALATE = "escalate", _("escalated")
        FALL_BACK = "fall_back", _("fallback group asked")
        SKIP_STAGE = "skip_stage", _("stage skipped")
        START_OVER = "start_over", _("asked again, since the subject changed")
        DELEGATE = "delegate", _("delegation given")
        END_DELEGATION = "end_delegation", _("delegation changed")
        PUBLISH_POLICY = "publish_policy", _("policy published")
        RETIRE_POLICY = "retire_policy", _("policy retired")
        CONFIGURE = "configure", _("configured")
        PAUSE = "pause", _("paused")
        RESUME = "resume", _("resumed")
        SKIP = "skip", _("left out")
        ASK_WORKFLOW = "ask_workflow", _("workflow asked")
        ANSWER = "answer", _("answered")
        REFUSE = "refuse", _("refused")
        FORGET = "forget", _("forgotten")
        PRUNE = "prune", _("pruned")

    id = models.BigAutoField(primary_key=True)
    workflow = models.UUIDField(null=True, blank=True)
    task = models.BigIntegerField(null=True, blank=True)
    approval = models.BigIntegerField(null=True, blank=True)
    event = models.TextField(choices=Event.choices)
    from_status = models.TextField(default="", blank=True)
    to_status = models.TextField(default="", blank=True)
    state = models.TextField(default="", blank=True)
    attempt = models.IntegerField(null=True, blank=True)
    at = models.DateTimeField()
    actor = models.TextField(default="", blank=True)
    session_user = models.TextField(default="", blank=True)
    channel = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    data = JSONField(null=True, blank=True)
    #: The transaction that wrote it; the column's default in the database, by which seals and exports will find what is new.
    xact = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        indexes = [
            models.Index(fields=["workflow", "id"], name="pgworkflows_history_workflow"),
            models.Index(fields=["approval", "id"], condition=Q(approval__isnull=False), name="pgworkflows_history_approval"),
            # For people's lists, newest first: what workers do all day is in none of these.
            models.Index(fields=["event", "id"], condition=~Q(event__in=ROUTINE), name="pgworkflows_history_event"),
            models.Index(
                fields=["channel", "id"], condition=~Q(channel__in=["worker", "python"]), name="pgworkflows_history_channel"
            ),
            models.Index(KT("data__schedule"), "id", condition=Q(event__in=OF_SCHEDULES), name="pgworkflows_history_schedule"),
            models.Index(fields=["actor", "id"], condition=~Q(actor="") & BY_PEOPLE, name="pgworkflows_history_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.event} {self.from_status}->{self.to_status}"
