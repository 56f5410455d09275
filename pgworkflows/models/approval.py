"""What people are asked."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from ..values.people import User
from .approval_verbs import ApprovalVerbs
from .columns import JSONField, bounded, in_reach
from .functions import DatabaseNow
from .people import may, person
from .subject import labels_of
from .transitions import FSMField, transition
from .ways import NOTHING, groups_of, named, ways_to
from .workflow import Workflow

if TYPE_CHECKING:
    from django.db.models import Model


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Scopes named for what they find."""

    def pending(self) -> ApprovalQuerySet:
        """Find what waits for a decision."""
        return self.filter(status=Approval.Status.PENDING)

    def overdue(self) -> ApprovalQuerySet:
        """Find what waits for a decision past its due date."""
        return self.pending().filter(due_at__lt=DatabaseNow())

    def naming(self, user: User) -> ApprovalQuerySet:
        """Find what names this user, directly or by a group."""
        found = person(user, self.db)
        return self.none() if found is None else self.filter(named([found.pk], groups_of([found.pk], self.db)))

    def for_user(self, user: User) -> ApprovalQuerySet:
        """Find what names this user, directly, by a group, or as the delegate of somebody whom it names."""
        return self.filter(reduce(or_, (way.condition for way in ways_to(user, self.db)), NOTHING))

    def requested_by(self, user: User) -> ApprovalQuerySet:
        """Find what this user asked for."""
        found = person(user, self.db)
        return self.none() if found is None else self.filter(requested_by=found)

    def visible_to(self, user: User) -> ApprovalQuerySet:
        """Find what this user may see: named, standing in, requester, has decided, or holds `view_approval`."""
        viewer = person(user, self.db)
        if viewer is None:
            return self.none()
        if may(viewer, "view_approval"):
            return self.all()
        decided = apps.get_model("pgworkflows", "Decision").objects.filter(
            Q(user=viewer) | Q(on_behalf_of=viewer), approval=OuterRef("pk")
        )
        own = Q(requested_by=viewer) | Q(Exists(decided))
        return self.filter(reduce(or_, (way.condition for way in ways_to(viewer, self.db)), own))

    def for_subject(self, subject: Model) -> ApprovalQuerySet:
        """Find the approvals about one business row, whatever proxy, parent or child of its model they name."""
        return self.filter(subject_label__in=labels_of(type(subject)), subject_id=str(subject.pk))

    def to_be_changed(self) -> ApprovalQuerySet:
        """Find what was sent back to its requester, and not resubmitted yet."""
        return self.filter(status=Approval.Status.CHANGES_REQUESTED, resubmitted_at=None)


def _in_order(data: Any, places: dict[str, int]) -> Any:
    if isinstance(data, dict):
        return {key: _in_order(data[key], places) for key in sorted(data, key=lambda key: places.get(key, len(places)))}
    return [_in_order(item, places) for item in data] if isinstance(data, list) else data


class Approval(ApprovalVerbs, FSMModelMixin, models.Model):
    """One question to people: one stage of one round of a request.

    The rows of one request share `workflow` and `request`; the newest is where it stands. Whom a row asks, what it shows
    and by when are fixed when it opens; only reassigning and escalating change whom it asks, and both leave an action.
    """

    class Status(models.TextChoices):
        # Waits for a decision.
        PENDING = "PENDING", _("pending")
        # Enough people agreed.
        APPROVED = "APPROVED", _("approved")
        # Somebody did not.
        REJECTED = "REJECTED", _("rejected")
        # Back with its requester.
        CHANGES_REQUESTED = "CHANGES_REQUESTED", _("changes requested")
        # Nobody decided in time.
        EXPIRED = "EXPIRED", _("expired")
        # Taken back by its requester.
        WITHDRAWN = "WITHDRAWN", _("withdrawn")
        # Its workflow ended or turned back first.
        CANCELLED = "CANCELLED", _("cancelled")

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")
        REQUEST_CHANGES = "request_changes", _("request changes")

    class OnTimeout(models.TextChoices):
        EXPIRE = "expire", _("expires")
        ESCALATE = "escalate", _("is escalated, then expires")
        REJECT = "reject", _("counts as rejected")

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="approvals", db_index=False)
    #: The position of its task; `request` is the `seq` of the first row of this request, in the same branch.
    branch = models.TextField(default="", db_default="", blank=True)
    seq = models.IntegerField()
    request = models.IntegerField()
    round = models.SmallIntegerField(default=1)
    policy = models.ForeignKey(
        "pgworkflows.ApprovalPolicy", models.PROTECT, null=True, blank=True, related_name="approvals", db_index=False
    )
    stage = models.ForeignKey(
        "pgworkflows.ApprovalStage", models.PROTECT, null=True, blank=True, related_name="approvals", db_index=False
    )
    #: The policy's name, or the workflow's where there is none; delegations and filters go by it.
    kind = models.TextField()
    title = models.TextField()
    description = models.TextField(default="", blank=True)
    subject_label = models.TextField(default="", blank=True)
    subject_id = models.TextField(default="", blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    requested_by_name = models.TextField(default="", blank=True)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True)
    #: The names of those who could decide when it opened: they stay when users and groups go.
    could_decide = JSONField(default=list, blank=True)
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=False, max_length=20)
    quorum = models.SmallIntegerField(default=1)
    allow_self_approval = models.BooleanField(default=False)
    #: Whether who decided in another stage of this request may decide in this one too.
    allow_same_person = models.BooleanField(default=False)
    attributes = JSONField(default=dict, blank=True)
    #: What is shown of the subject, as plain JSON; null where there is no subject.
    snapshot = JSONField(null=True, blank=True)
    #: Its keys in the order in which they are shown, at any depth: jsonb keeps none.
    snapshot_keys = JSONField(null=True, blank=True)
    #: SHA-256 of the snapshot, in hexadecimal.
    snapshot_hash = models.TextField(default="", blank=True)
    #: `module:Class` of the Django form that an approval has to fill in.
    form = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    #: Until it is due, and once more after an escalation.
    time_limit = models.DurationField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    on_timeout = models.TextField(choices=OnTimeout.choices, default=OnTimeout.EXPIRE)
    #: Whom an escalation asks as well: {"users": [primary keys], "groups": [primary keys]}.
    escalate_to = JSONField(default=dict, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    remind_every = models.DurationField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    resubmitted_at = models.DateTimeField(null=True, blank=True)
    #: Rises with everything that is done to it: what a page or an ETag was made from.
    revision = models.IntegerField(default=0)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        permissions = [("reassign_approval", _("Can have somebody else asked"))]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "branch", "seq"], name="pgworkflows_approval_one_per_position"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="pgworkflows_approval_quorum_positive"),
            bounded("approval", "time_limit", "remind_every"),
            in_reach("approval", "created_at", "due_at", "escalated_at", "decided_at", "resubmitted_at"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status="PENDING"), name="pgworkflows_approval_pending"),
            models.Index(fields=["status", "id"], name="pgworkflows_approval_status"),
            models.Index(fields=["kind", "id"], name="pgworkflows_approval_kind"),
            models.Index(fields=["requested_by", "id"], name="pgworkflows_approval_requester"),
            models.Index(
                fields=["subject_label", "subject_id"], condition=~Q(subject_label=""), name="pgworkflows_approval_subject"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def shown(self) -> Any:
        """The snapshot, in the order of who declared it."""
        keys = self.snapshot_keys if isinstance(self.snapshot_keys, list) else []
        try:
            return _in_order(self.snapshot, {key: place for place, key in enumerate(keys) if isinstance(key, str)})
        except RecursionError:  # SQL took it; what shows it says so
            return self.snapshot

    @property
    def requester_is_known(self) -> bool:
        """Whether anybody is known to have asked; if not, four eyes keep nobody out as who asked."""
        return bool(self.requested_by_name)

    @property
    def same_request(self) -> models.QuerySet[Approval]:
        """All stages and rounds of this request, oldest first."""
        same = Approval.objects.using(self._state.db).filter(workflow=self.workflow_id, branch=self.branch, request=self.request)
        return same.order_by("seq")

    @transition(status, Status.PENDING, Status.APPROVED, custom={"event": "approve"})
    def mark_approved(self) -> None:
        """Enough people agreed."""

    @transition(status, Status.PENDING, Status.REJECTED, custom={"event": "reject"})
    def mark_rejected(self) -> None:
        """Somebody did not agree."""

    @transition(status, Status.PENDING, Status.CHANGES_REQUESTED, custom={"event": "request_changes"})
    def mark_changes_requested(self) -> None:
        """Somebody wants it changed first."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.EXPIRED, custom={"event": "expire"})
    def mark_expired(self) -> None:
        """Nobody decided in time, or it was sent back to somebody who is gone."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.WITHDRAWN, custom={"event": "withdraw"})
    def mark_withdrawn(self) -> None:
        """Its requester took it back."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.CANCELLED, custom={"event": "cancel_approval"})
    def mark_cancelled(self) -> None:
        """Its workflow ended or turned back first."""
