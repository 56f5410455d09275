"""What a person is asked, and each answer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from .transitions import FSMField, transition
from .workflow import Workflow


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Scopes named for what they find."""

    def pending(self) -> ApprovalQuerySet:
        """Find what waits for a decision."""
        return self.filter(status=Approval.Status.PENDING)

    def for_user(self, user: Any) -> ApprovalQuerySet:
        """Find what names this user, directly or by a group."""
        named = Q(users=user)
        if hasattr(user, "groups"):  # a project's own kind of user need not have any
            named |= Q(groups__in=user.groups.all())
        return self.filter(pk__in=Approval.objects.filter(named).values("pk"))


class Approval(FSMModelMixin, models.Model):
    """A question to people; the workflow waits until enough of them agreed, or one did not."""

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

    id = models.BigAutoField(primary_key=True)
    workflow = models.ForeignKey(Workflow, models.CASCADE, related_name="approvals", db_index=False)
    seq = models.IntegerField()
    title = models.TextField()
    description = models.TextField(default="", blank=True)
    subject_label = models.TextField(default="", blank=True)
    subject_id = models.TextField(default="", blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_by_name = models.TextField(default="", blank=True)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    groups = models.ManyToManyField("auth.Group", related_name="+", blank=True)
    status = FSMField(choices=Status.choices, default=Status.PENDING, protected=False, max_length=20)
    quorum = models.SmallIntegerField(default=1)
    allow_self_approval = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(fields=["workflow", "seq"], name="pgworkflows_approval_one_per_position"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="pgworkflows_approval_quorum_positive"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="PENDING"), name="pgworkflows_approval_pending")]

    def __str__(self) -> str:
        return self.title

    def approve(self, by: Any, *, comment: str = "", channel: str = "python") -> None:
        """Agree; raise NotAllowed, AlreadyDecided or ApprovalExpired."""
        from ..store import approvals

        approvals.decide(self.pk, by, self.Verdict.APPROVE, comment, channel=channel)
        self.refresh_from_db()

    def reject(self, by: Any, *, comment: str, channel: str = "python") -> None:
        """Disagree, saying why; raise NotAllowed, AlreadyDecided or ApprovalExpired."""
        from ..store import approvals

        approvals.decide(self.pk, by, self.Verdict.REJECT, comment, channel=channel)
        self.refresh_from_db()

    @transition(status, Status.PENDING, Status.APPROVED, custom={"event": "approve"})
    def mark_approved(self) -> None:
        """Enough people agreed."""

    @transition(status, Status.PENDING, Status.REJECTED, custom={"event": "reject"})
    def mark_rejected(self) -> None:
        """Somebody did not agree."""

    @transition(status, Status.PENDING, Status.CHANGES_REQUESTED, custom={"event": "request_changes"})
    def mark_changes_requested(self) -> None:
        """Somebody wants it changed first."""

    @transition(status, Status.CHANGES_REQUESTED, Status.PENDING, custom={"event": "resubmit"})
    def mark_resubmitted(self) -> None:
        """Its requester asks again."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.EXPIRED, custom={"event": "expire"})
    def mark_expired(self) -> None:
        """Nobody decided in time."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.WITHDRAWN, custom={"event": "withdraw"})
    def mark_withdrawn(self) -> None:
        """Its requester took it back."""

    @transition(status, [Status.PENDING, Status.CHANGES_REQUESTED], Status.CANCELLED, custom={"event": "cancel_approval"})
    def mark_cancelled(self) -> None:
        """Its workflow ended or turned back first."""


class Decision(models.Model):
    """One person's answer."""

    id = models.BigAutoField(primary_key=True)
    approval = models.ForeignKey(Approval, models.CASCADE, related_name="decisions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    username = models.TextField()
    verdict = models.TextField(choices=Approval.Verdict.choices)
    comment = models.TextField(default="", blank=True)
    channel = models.TextField(default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [models.UniqueConstraint(fields=["approval", "username"], name="pgworkflows_decision_one_per_person")]

    def __str__(self) -> str:
        return f"{self.username}: {self.verdict}"
