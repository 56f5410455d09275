"""One execution of a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from .columns import JSONField, in_reach
from .ids import uuid7
from .subject import labels_of, name_of_row
from .transitions import FSMField, transition
from .verbs import WorkflowVerbs

if TYPE_CHECKING:
    from django.db.models import Model


#: Its columns that are moments in time.
MOMENTS = (
    "created_at", "started_at", "finished_at", "available_at", "deadline", "cancel_requested_at", "paused_at", "held_until",
    "wake_at", "scheduled_for",
)  # fmt: skip
#: The statuses of workflows that did not go as hoped.
TROUBLED = ("FAILED", "COMPENSATING", "COMPENSATED", "CANCELLED", "BLOCKED")
#: Those of workflows that ended with an error.
ENDED_BADLY = ("FAILED", "COMPENSATED")
#: Neither paused nor in want of a permit; not ended; of a schedule; of a user.
FREE, OPEN = Q(paused_at=None, gate=None), Q(finished_at=None)
SCHEDULED, REQUESTED = Q(schedule__isnull=False), Q(requested_by__isnull=False)


class WorkflowQuerySet(models.QuerySet["Workflow"]):
    """Scopes named for what they find."""

    def for_subject(self, subject: Model) -> WorkflowQuerySet:
        """Find the workflows of one business row, under whatever proxy, parent or child of its model they were started."""
        return self.filter(subject_label__in=labels_of(type(subject)), subject_id=str(subject.pk))

    def labelled(self, attributes: dict[str, Any]) -> WorkflowQuerySet:
        """Find what carries these attributes; the index has only rows with some."""
        return self.filter(~Q(attributes={}), attributes__contains=attributes)

    def unfinished(self) -> WorkflowQuerySet:
        """Find what has not ended."""
        return self.filter(finished_at=None)

    def waiting(self) -> WorkflowQuerySet:
        """Find what waits for a time, an event, an approval or a child."""
        return self.filter(status=Workflow.Status.WAITING)

    def ended_badly(self) -> WorkflowQuerySet:
        """Find what ended with an error, undone or not."""
        return self.filter(status__in=ENDED_BADLY)

    def blocked(self) -> WorkflowQuerySet:
        """Find what a person has to look at."""
        return self.filter(status=Workflow.Status.BLOCKED)


class Workflow(WorkflowVerbs, FSMModelMixin, models.Model):
    """One execution of a workflow; the only thing that workers claim.

    A worker may take it when `available_at` has come, unless it is paused or waits for a permit; null means that only an
    event, a decision or the result of an outside call moves it. `owner` is set only while an outside call is in flight;
    `epoch` rises with each such claim. `key` is its alone among the runs of its name while it `holds_key`.
    """

    class Status(models.TextChoices):
        # Ready for a worker, now or at available_at.
        PENDING = "PENDING", _("pending")
        # An outside call is in flight.
        RUNNING = "RUNNING", _("running")
        # Waiting for a time, an event, an approval or a child.
        WAITING = "WAITING", _("waiting")
        # Undoing its completed steps.
        COMPENSATING = "COMPENSATING", _("compensating")
        # Ended with a result.
        COMPLETED = "COMPLETED", _("completed")
        # Ended with an error, nothing undone.
        FAILED = "FAILED", _("failed")
        # Ended with an error, its steps undone.
        COMPENSATED = "COMPENSATED", _("compensated")
        # Ended by a person's cancel.
        CANCELLED = "CANCELLED", _("cancelled")
        # Stopped until a person has looked.
        BLOCKED = "BLOCKED", _("blocked")

    class ParentClose(models.TextChoices):
        CANCEL = "cancel"
        ABANDON = "abandon"

    FINISHED = (Status.COMPLETED, Status.FAILED, Status.COMPENSATED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.TextField()
    version = models.IntegerField(default=1)
    key = models.TextField(null=True, blank=True)  # noqa: DJ001 - no key
    holds_key = models.BooleanField(default=False, db_default=False)
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=False, max_length=12)
    state = models.TextField(default="", blank=True)
    queue = models.TextField(default="default")
    priority = models.SmallIntegerField(default=0)
    kwargs = JSONField(default=dict)
    result = JSONField(null=True, blank=True)
    error = JSONField(null=True, blank=True)
    attributes = JSONField(default=dict, blank=True)
    subject_type = models.ForeignKey(
        "contenttypes.ContentType", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    subject_id = models.TextField(default="", blank=True)
    subject_label = models.TextField(default="", blank=True)
    #: What named the subject in one line when the workflow was started, or when it last opened an approval.
    subject_text = models.TextField(default="", db_default="", blank=True)
    subject = GenericForeignKey("subject_type", "subject_id", for_concrete_model=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    requested_by_name = models.TextField(default="", blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children", db_index=False)
    # No constraint: it is a task of the parent, and a check would cost a scan for each task that is deleted.
    parent_task = models.ForeignKey(
        "pgworkflows.Task", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    #: Whether it is cancelled with its parent, or goes on; null without one.
    parent_close = models.TextField(choices=ParentClose.choices, null=True, blank=True)  # noqa: DJ001 - no parent
    root = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    available_at = models.DateTimeField(null=True, blank=True)
    #: When its time limit runs out.
    deadline = models.DateTimeField(null=True, blank=True)
    #: What it waits for, as models/waits.py says; presentation/waits.py puts it into words.
    waiting_for = JSONField(default=list, blank=True)
    owner = models.ForeignKey("pgworkflows.Worker", models.PROTECT, null=True, blank=True, related_name="claims", db_index=False)
    epoch = models.IntegerField(default=0)
    #: How often in a row it was tried in vain, its worker dying or its transaction being lost. Above zero it is tried
    #: apart from what runs well; above one, by itself.
    crashes = models.SmallIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    #: Why and by whom, and whether to compensate.
    cancel_request = JSONField(null=True, blank=True)
    fingerprint = models.TextField(default="", blank=True)
    #: How kwargs are encoded: 1 tagged by Python, 0 plain JSON from SQL or REST.
    format = models.SmallIntegerField(default=1)
    #: Since when no worker may take it; for pausing a run.
    paused_at = models.DateTimeField(null=True, blank=True)
    #: The limit, with its key, of which it waits for a permit: no worker may take it before; for limits.
    gate = models.TextField(null=True, blank=True)  # noqa: DJ001 - waits for none
    # Null until the feature comes that writes it: on full tables it would be dear to add then.
    #: Whose turn it is, within its lane: the value of the argument `fair_by`, whose runs share with those of other values.
    fair = models.TextField(null=True, blank=True)  # noqa: DJ001
    #: Until when `debounce` holds it back, with `available_at` null.
    held_until = models.DateTimeField(null=True, blank=True)
    #: The schedule that started it, which may be gone, and the nominal time that it is for.
    schedule = models.BigIntegerField(null=True, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    #: When its owner is to go on with it while a call is in flight; for branches.
    wake_at = models.DateTimeField(null=True, blank=True)
    #: Whether its body cleans up when it is cancelled, as seen from the frames where it waits; for `Cancelled`.
    cleans_up = models.BooleanField(null=True, blank=True)
    #: The run that ended with `continue_as_new`, and the one that this is a fork of; either may be gone.
    continued_from = models.UUIDField(null=True, blank=True)
    forked_from = models.UUIDField(null=True, blank=True)

    objects = WorkflowQuerySet.as_manager()

    #: Whether the `start()` that returned this began it; false too where its key was taken.
    created = False

    class Meta:
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        permissions = [
            ("start_workflow", _("Can start workflows")),
            ("cancel_workflow", _("Can cancel workflows")),
            ("retry_workflow", _("Can retry workflows")),
            ("compensate_workflow", _("Can have workflows undone")),
            ("send_event", _("Can send events to workflows")),
            ("ask_workflow", _("Can ask workflows")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["name", "key"], condition=Q(holds_key=True), name="pgworkflows_workflow_one_per_key"),
            models.CheckConstraint(condition=Q(holds_key=False) | Q(key__isnull=False), name="pgworkflows_workflow_holds_a_key"),
            models.CheckConstraint(
                condition=Q(
                    status__in=["COMPLETED", "FAILED", "COMPENSATED", "CANCELLED"], finished_at__isnull=False, available_at=None
                )
                | Q(status__in=["PENDING", "RUNNING", "WAITING", "COMPENSATING", "BLOCKED"], finished_at=None),
                name="pgworkflows_workflow_finished_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="RUNNING") | Q(owner__isnull=False), name="pgworkflows_workflow_running_has_owner"
            ),
            models.CheckConstraint(
                condition=Q(owner=None) | Q(available_at=None), name="pgworkflows_workflow_owned_not_claimable"
            ),
            models.CheckConstraint(condition=Q(priority__range=(-100, 100)), name="pgworkflows_workflow_priority_range"),
            # One that a worker cannot read would stop its whole batch.
            in_reach("workflow", *MOMENTS),
        ]
        indexes = [
            models.Index(
                fields=["name", "version", "queue", "priority", "fingerprint", "available_at"],
                condition=Q(available_at__isnull=False, crashes=0) & FREE,
                name="pgworkflows_workflow_runnable",
            ),
            models.Index(fields=["available_at"], condition=Q(crashes__gt=0) & FREE, name="pgworkflows_workflow_suspect"),
            models.Index(fields=["owner", "wake_at"], condition=Q(owner__isnull=False), name="pgworkflows_workflow_owned"),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="pgworkflows_workflow_parent"),
            models.Index(
                fields=["subject_label", "subject_id"], condition=~Q(subject_label=""), name="pgworkflows_workflow_subject"
            ),
            models.Index(fields=["name", "version", "queue", "status"], condition=OPEN, name="pgworkflows_workflow_open"),
            models.Index(fields=["schedule", "id"], condition=SCHEDULED, name="pgworkflows_workflow_scheduled"),
            models.Index(fields=["schedule"], condition=OPEN & SCHEDULED, name="pgworkflows_workflow_overlaps"),
            # For people's lists, newest first. What runs smoothly touches the first only.
            models.Index(fields=["name", "id"], name="pgworkflows_workflow_named"),
            models.Index(fields=["status", "id"], condition=Q(status__in=TROUBLED), name="pgworkflows_workflow_troubled"),
            models.Index(fields=["queue", "id"], condition=~Q(queue="default"), name="pgworkflows_workflow_queued"),
            models.Index(fields=["state", "id"], condition=~Q(state=""), name="pgworkflows_workflow_state"),
            models.Index(fields=["requested_by", "id"], condition=REQUESTED, name="pgworkflows_workflow_requester"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"

    @property
    def subject_shown(self) -> str:
        """What names the subject in one line; its row is not read."""
        return self.subject_text or name_of_row(self.subject_label, self.subject_id)

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.status in self.FINISHED

    # The allowed transitions. The engine's SQL makes them; the database guard and `History.event` are generated from here.

    @transition(status, [Status.PENDING, Status.WAITING], Status.RUNNING, custom={"event": "run"})
    def mark_running(self) -> None:
        """Begin an outside call."""

    @transition(status, [Status.PENDING, Status.RUNNING], Status.WAITING, custom={"event": "wait"})
    def mark_waiting(self) -> None:
        """Wait for a time, an event, an approval or a child."""

    @transition(status, [Status.RUNNING, Status.WAITING], Status.PENDING, custom={"event": "requeue"})
    def mark_pending(self) -> None:
        """Go back in line: for a retry, for its turn, or because its worker is gone."""

    @transition(status, [Status.PENDING, Status.RUNNING, Status.WAITING], Status.COMPLETED, custom={"event": "complete"})
    def mark_completed(self) -> None:
        """End with what the body returned."""

    @transition(
        status, [Status.PENDING, Status.RUNNING, Status.WAITING, Status.COMPENSATING], Status.FAILED, custom={"event": "fail"}
    )
    def mark_failed(self) -> None:
        """End with what the body raised; nothing is to undo."""

    @transition(
        status,
        [Status.PENDING, Status.RUNNING, Status.WAITING, Status.FAILED, Status.BLOCKED],
        Status.COMPENSATING,
        custom={"event": "compensate"},
    )
    def mark_compensating(self) -> None:
        """Its steps are to be undone."""

    @transition(status, Status.COMPENSATING, Status.COMPENSATED, custom={"event": "finish_compensation"})
    def mark_compensated(self) -> None:
        """Everything is undone."""

    @transition(
        status,
        [Status.PENDING, Status.RUNNING, Status.WAITING, Status.COMPENSATING, Status.BLOCKED],
        Status.CANCELLED,
        custom={"event": "cancel"},
    )
    def mark_cancelled(self) -> None:
        """End as a person asked."""

    @transition(
        status, [Status.PENDING, Status.RUNNING, Status.WAITING, Status.COMPENSATING], Status.BLOCKED, custom={"event": "block"}
    )
    def mark_blocked(self) -> None:
        """Stop until a person has looked."""

    @transition(status, [Status.FAILED, Status.BLOCKED], Status.PENDING, custom={"event": "retry"})
    def mark_retried(self) -> None:
        """Go on from where it stopped, as a person asked."""
