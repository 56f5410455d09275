"""The stages of a policy in the admin: rows on its page, and a page of their own with whom they ask and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...models import ApprovalPolicy, ApprovalStage, StageCondition
from ...models.people import names_of
from ...presentation.links import in_admin
from ...values.people import User
from ..listing import ModelAdmin
from .policy_forms import LabelledRows, StageForm

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:  # cannot be subscripted at run time
    TabularInline = admin.TabularInline

CHANGE = "pgworkflows.change_approvalpolicy"


def policy_of(row: Any) -> ApprovalPolicy | None:
    """Return the policy that a policy, a stage or nothing belongs to."""
    return row.policy if isinstance(row, ApprovalStage) else row


class PartOfDraft:
    """Parts of a policy are edited by who may change policies, as long as it is a draft."""

    def _may(self, request: HttpRequest, row: Any) -> bool:
        policy = policy_of(row)
        return bool(request.user.has_perm(CHANGE)) and (policy is None or policy.status == ApprovalPolicy.Status.DRAFT)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors add to a draft; a policy that is being made is one."""
        return self._may(request, obj) or (obj is None and request.user.has_perm("pgworkflows.add_approvalpolicy"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors change a draft."""
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors take away from a draft."""
        return self._may(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those read who may read policies."""
        return bool(request.user.has_perm(CHANGE) or request.user.has_perm("pgworkflows.view_approvalpolicy"))


class StageInline(PartOfDraft, TabularInline):
    """The stages in their order; each has a page for whom it asks and when."""

    model = ApprovalStage
    formset = LabelledRows
    extra = 1
    fields = ("position", "name", "asks", "opens_if", "quorum")
    readonly_fields = ("asks", "opens_if")
    show_change_link = True
    formfield_overrides = {models.TextField: {"widget": TextInput}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what the rows show along with them."""
        return super().get_queryset(request).prefetch_related("users", "groups", "conditions")

    @admin.display(description=_("asks"))
    def asks(self, stage: ApprovalStage) -> str:
        """Show whom it asks."""
        return asked(stage) if stage.pk else str(_("Save, then open its page."))

    @admin.display(description=_("opens if"))
    def opens_if(self, stage: ApprovalStage) -> str:
        """Show its conditions."""
        return opening(stage) if stage.pk else ""


def asked(stage: ApprovalStage) -> str:
    """Return whom a stage asks, as text."""
    named = [*sorted(group.name for group in stage.groups.all()), *names_of(stage.users.all())]
    return ", ".join([*named, *([stage.resolver] if stage.resolver else [])]) or str(_("nobody"))


def opening(stage: ApprovalStage) -> str:
    """Return when a stage opens, as text."""
    return str(_(" and ")).join(str(condition) for condition in stage.conditions.all()) or str(_("always"))


class ConditionInline(PartOfDraft, TabularInline):
    """When the stage opens: all of these hold."""

    model = StageCondition
    formset = LabelledRows
    extra = 2
    formfield_overrides = {models.TextField: {"widget": TextInput}}


def lock_draft(policy: Any, user: User) -> ApprovalPolicy:
    """Lock a policy until the commit, and put the user down as its last editor; refuse what is no draft any more."""
    draft = ApprovalPolicy.objects.using(conf().DATABASE).select_for_update(of=("self",)).get(pk=policy)
    if draft.status != ApprovalPolicy.Status.DRAFT:
        raise PermissionDenied(_("It has been published meanwhile. Make a new draft."))
    draft.edited(user)
    draft.save(update_fields=["edited_by", "edited_by_name", "editors"])
    return draft


@admin.register(ApprovalStage)
class ApprovalStageAdmin(PartOfDraft, ModelAdmin):
    """The page of one stage, reached from its policy."""

    form = StageForm
    inlines = (ConditionInline,)
    raw_id_fields = ("users",)
    fieldsets = (
        (None, {"fields": ("position", "name")}),
        (_("Whom it asks"), {"fields": ("groups", "users", "resolver", "quorum", "skip_if_none")}),
        (_("By when"), {"fields": ("time_limit", "on_timeout", "escalate_to", "remind_every")}),
    )

    class Media:
        css = {"all": ["pgworkflows/pgworkflows.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Leave it out of the index."""
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a stage is added on its policy's page."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read from the database that holds the tables."""
        return super().get_queryset(request).using(conf().DATABASE).select_related("policy")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the policies."""
        return HttpResponseRedirect(self._to("changelist"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Lock the draft first, so that nobody publishes what they have not read."""
        lock_draft(obj.policy_id, request.user)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Lock the draft first."""
        with transaction.atomic(using=conf().DATABASE):
            lock_draft(obj.policy_id, request.user)
            super().delete_model(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Go back to the policy."""
        return HttpResponseRedirect(self._to("change", obj.policy_id))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Go back to the policies."""
        return HttpResponseRedirect(self._to("changelist"))

    def _to(self, page: str, *arguments: Any) -> str:
        return in_admin(self.admin_site, f"pgworkflows_approvalpolicy_{page}", *arguments)
