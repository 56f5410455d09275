"""One recorded unit of a workflow."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from ..values.position import Position
from .columns import JSONField, in_reach
from .transitions import FSMField, transition
from .workflow import Workflow


class Task(FSMModelMixin, models.Model):
    """What a body did or waits for at one position; replay answers from here.

    (workflow, branch, seq) is unique: the last fence against running anything twice.
    """

    class Kind(models.TextChoices):
        # A step of the body.
        STEP = "STEP", _("step")
        # sleep() or sleep_until().
        TIMER = "TIMER", _("timer")
        # wait_for_event().
        EVENT = "EVENT", _("event")
        # request_approval().
        APPROVAL = "APPROVAL", _("approval")
        # wait_for_request().
        REQUEST = "REQUEST", _("request")
        # wait_for_row().
        ROW = "ROW", _("row")
        # poll().
        POLL = "POLL", _("poll")
        # start() of another workflow in the body.
        CHILD = "CHILD", _("child")
        # The undo of a step.
        COMPENSATION = "COMPENSATION", _("compensation")
        # set_state().
        STATE = "STATE", _("state")
        # now(), uuid4(), random() and set_attributes().
        VALUE = "VALUE", _("value")
        # gather(), settle() or first().
        GATHER = "GATHER", _("gather")

    #: Kinds that a body does not wait for as such.
    NO_WAITS = (Kind.STEP, Kind.COMPENSATION, Kind.STATE, Kind.VALUE)

    class Status(models.TextChoices):
        # An attempt failed and another one follows, or a person asked for another.
        PENDING = "PENDING", _("pending")
        # An outside call is in flight, or its worker died during it.
        RUNNING = "RUNNING", _("running")
        # Waiting for a time, an event, a decision or a child.
        WAITING = "WAITING", _("waiting")
        # Has its result.
        COMPLETED = "COMPLETED", _("completed")
        # Has its error, for good.
        FAILED = "FAILED", _("failed")
        # Its workflow ended or turned back first, or its branch was cancelled.
        CANCELLED = "CANCELLED", _("cancelled")

    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="tasks", db_index=False)
    branch = models.TextField(default="", blank=True)
    seq = models.IntegerField()
    kind = models.TextField(choices=Kind.choices)
    name = models.TextField()
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=False, max_length=12)
    attempt = models.IntegerField(default=0)
    #: Of an EVENT: under what it listens, beside what is sent to the workflow itself.
    correlation = models.TextField(null=True, blank=True)  # noqa: DJ001 - null is "none"
    #: Of an EVENT that takes any of several, or that is reminded of: the names, and its result says which came.
    any_of = JSONField(null=True, blank=True)
    #: Of a CHILD: the workflow that it started, which may be pruned before this one.
    child = models.ForeignKey(
        Workflow, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    #: Of a COMPENSATION: the step that it undoes.
    compensates = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    #: The arguments of a step that can be undone.
    payload = JSONField(null=True, blank=True)
    result = JSONField(null=True, blank=True)
    error = JSONField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    #: The how-manieth task of its workflow to end; undoing goes by it, highest first.
    ended = models.IntegerField(null=True, blank=True)
    #: Of the arguments of a step in a branch: shows branches that share what they may not.
    digest = models.TextField(null=True, blank=True)  # noqa: DJ001

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(fields=["workflow", "branch", "seq"], name="pgworkflows_task_one_per_position"),
            in_reach("task", "due_at", "started_at", "finished_at"),
        ]
        indexes = [
            models.Index(
                fields=["name", "correlation", "id"],
                condition=Q(kind="EVENT", status="WAITING"),
                name="pgworkflows_task_awaited_event",
            ),
            models.Index(
                fields=["correlation", "id"],
                condition=Q(kind="EVENT", status="WAITING", any_of__isnull=False),
                name="pgworkflows_task_any_of",
            ),
            models.Index(
                fields=["child"],
                condition=Q(kind="CHILD", status="WAITING"),
                name="pgworkflows_task_awaited_child",
            ),
            models.Index(
                fields=["name"],
                condition=Q(kind="ROW", status="WAITING"),
                name="pgworkflows_task_awaited_row",
            ),
            models.Index(
                fields=["workflow"],
                condition=Q(status__in=["PENDING", "RUNNING", "WAITING"]),
                name="pgworkflows_task_open",
            ),
            # How long the oldest wait of each kind is open. The second condition, which only that query has, keeps planners
            # that know an empty table from choosing it where a wait is looked for by what it waits for.
            models.Index(
                fields=["kind", "started_at"],
                condition=Q(status="WAITING", started_at__isnull=False),
                name="pgworkflows_task_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} #{self.position}"

    @property
    def position(self) -> Position:
        """Where it stands in its workflow."""
        return Position(self.branch, self.seq)

    @transition(status, [Status.PENDING, Status.WAITING], Status.RUNNING, custom={"event": "attempt"})
    def mark_running(self) -> None:
        """Begin an outside attempt."""

    @transition(status, [Status.PENDING, Status.RUNNING], Status.WAITING, custom={"event": "task_wait"})
    def mark_waiting(self) -> None:
        """Wait for the next call of a poll."""

    @transition(status, [Status.RUNNING, Status.WAITING], Status.PENDING, custom={"event": "attempt_failed"})
    def mark_pending(self) -> None:
        """Let another attempt follow one that failed."""

    @transition(status, [Status.PENDING, Status.RUNNING, Status.WAITING], Status.COMPLETED, custom={"event": "task_complete"})
    def mark_completed(self) -> None:
        """Take the result."""

    @transition(status, [Status.PENDING, Status.RUNNING, Status.WAITING], Status.FAILED, custom={"event": "task_fail"})
    def mark_failed(self) -> None:
        """Take the error, for good."""

    @transition(status, [Status.PENDING, Status.RUNNING, Status.WAITING], Status.CANCELLED, custom={"event": "task_cancel"})
    def mark_cancelled(self) -> None:
        """Give up, since the workflow ended or turned back."""

    @transition(status, [Status.FAILED, Status.CANCELLED], Status.PENDING, custom={"event": "task_retry"})
    def mark_retried(self) -> None:
        """Begin another round of attempts, as a person asked."""

    @transition(status, [Status.COMPLETED, Status.FAILED, Status.CANCELLED], Status.WAITING, custom={"event": "task_retry"})
    def mark_waiting_again(self) -> None:
        """Wait once more, as a person asked."""
