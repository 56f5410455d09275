"""Who has to be asked, in what order: versioned rules that people edit."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMModelMixin

from ..values.people import Person, UserRow
from .columns import JSONField
from .people import name_of
from .transitions import FSMField, transition


class ApprovalPolicyQuerySet(models.QuerySet["ApprovalPolicy"]):
    """Scopes named for what they find."""

    def published(self) -> ApprovalPolicyQuerySet:
        """Find the version of each policy that new requests get."""
        return self.filter(status=ApprovalPolicy.Status.PUBLISHED)


class ApprovalPolicy(FSMModelMixin, models.Model):
    """One version of a policy: ordered stages, and whom to ask where a stage finds nobody.

    Only a draft can be edited; a published version never changes, and requests stay with the version they began with.
    """

    class Status(models.TextChoices):
        # Being edited; no request uses it.
        DRAFT = "DRAFT", _("draft")
        # What new requests get; one version of a name.
        PUBLISHED = "PUBLISHED", _("published")
        # Replaced by a later version; requests that began with it go on.
        RETIRED = "RETIRED", _("retired")

    class Restart(models.TextChoices):
        CHANGED = "changed", _("all stages if the subject changed, else the stage that sent it back")
        ALWAYS = "always", _("all stages")
        STAGE = "stage", _("the stage that sent it back")

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(_("name"))
    version = models.IntegerField(_("version"), default=1)
    description = models.TextField(_("description"), default="", blank=True)
    status = FSMField(_("status"), choices=Status.choices, default=Status.DRAFT, protected=False, max_length=10)
    fallback_group = models.ForeignKey("auth.Group", models.PROTECT, related_name="+", verbose_name=_("fallback group"))
    restart = models.TextField(_("after changes, ask"), choices=Restart.choices, default=Restart.CHANGED)
    allow_self_approval = models.BooleanField(_("the requester may decide"), default=False)
    allow_same_person = models.BooleanField(_("one person may decide in several stages"), default=False)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    edited_by_name = models.TextField(default="", blank=True)
    #: Everybody who has edited the draft: {"key": the primary key as text, "name": the name}.
    editors = JSONField(default=list, blank=True, editable=False)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    published_by_name = models.TextField(default="", blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")
        permissions = [("publish_policy", _("Can publish a policy that somebody else edited"))]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="pgworkflows_policy_one_per_version"),
            models.UniqueConstraint(fields=["name"], condition=Q(status="DRAFT"), name="pgworkflows_policy_one_draft"),
            models.UniqueConstraint(fields=["name"], condition=Q(status="PUBLISHED"), name="pgworkflows_policy_one_published"),
            models.CheckConstraint(
                condition=Q(status="DRAFT") | (~Q(published_by_name="") & ~Q(published_by_name=F("edited_by_name"))),
                name="pgworkflows_policy_published_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def edited(self, user: UserRow) -> None:
        """Put a user down as the last editor, without saving."""
        self.edited_by, self.edited_by_name = user, name_of(user)
        known = {"key": str(user.pk), "name": self.edited_by_name}
        if known not in self.editors:
            self.editors = [*self.editors, known]

    def is_edited_by(self, user: UserRow) -> bool:
        """Whether a user, or one of that name, has edited the draft."""
        name = name_of(user)
        known = [*self.editors, {"key": str(self.edited_by_id), "name": self.edited_by_name}]
        return any(editor["key"] == str(user.pk) or editor["name"] == name for editor in known)

    def publish(self, by: Person) -> None:
        """Make it the version that new requests get, and retire the one before; raise NotAllowed or ValidationError.

        Needs `publish_policy`, and another person than its editors.
        """
        from ..store.approvals import policies

        policies.publish(self, by)

    def new_draft(self, by: Person) -> ApprovalPolicy:
        """Return a copy to edit, as the next version; raise NotAllowed if there is a draft already."""
        from ..store.approvals import policies

        return policies.new_draft(self, by)

    @transition(status, Status.DRAFT, Status.PUBLISHED, custom={"event": "publish_policy"})
    def mark_published(self) -> None:
        """Let new requests get it."""

    @transition(status, Status.PUBLISHED, Status.RETIRED, custom={"event": "retire_policy"})
    def mark_retired(self) -> None:
        """Give way to a later version."""
