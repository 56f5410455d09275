"""Policies in the admin: drafts are edited, tried, and published by another person; what is published is read only."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...exceptions import NotAllowed
from ...models import ApprovalPolicy, ApprovalStage
from ...presentation.links import in_admin
from ...site.views.posting import back_to
from ...store.actors import acting_as
from ...store.approvals.policies import problems_of
from ...store.approvals.rehearsal import rehearse
from ..listing import ModelAdmin
from ..showing import badge, moment
from .policy_forms import PolicyForm, TryForm
from .stage import CHANGE, StageInline, asked, lock_draft, opening

TONES = {
    ApprovalPolicy.Status.DRAFT: "WAITING",
    ApprovalPolicy.Status.PUBLISHED: "COMPLETED",
    ApprovalPolicy.Status.RETIRED: "CANCELLED",
}


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(ModelAdmin):
    """All versions of all policies."""

    form = PolicyForm
    inlines = (StageInline,)
    actions = None
    list_display = ("name", "version", "status_", "editor", "publisher", "published")
    list_filter = ("status",)
    search_fields = ("name",)
    ordering = ("name", "-version")
    change_form_template = "admin/pgworkflows/policy/change_form.html"

    class Media:
        css = {"all": ["pgworkflows/pgworkflows.css", "pgworkflows/approvals.css"]}

    @admin.display(description=_("status"))
    def status_(self, policy: ApprovalPolicy) -> SafeString:
        """Show the status."""
        return badge(TONES[ApprovalPolicy.Status(policy.status)], policy.get_status_display())

    @admin.display(description=_("last edited by"))
    def editor(self, policy: ApprovalPolicy) -> str:
        """Show who may not publish it."""
        return policy.edited_by_name

    @admin.display(description=_("published by"))
    def publisher(self, policy: ApprovalPolicy) -> str:
        """Show who published it."""
        return policy.published_by_name

    @admin.display(description=_("published"))
    def published(self, policy: ApprovalPolicy) -> SafeString | str:
        """Show when."""
        return moment(policy.published_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read from the database that holds the tables."""
        return super().get_queryset(request).using(conf().DATABASE)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the name once it is given; show who edited and published."""
        return ("name", "version", "status_", "editor", "publisher", "published") if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the record beside what can be edited."""
        own = ("description", "fallback_group", "restart", "allow_self_approval", "allow_same_person")
        known = (("name", "version", "status_"), ("editor", "publisher", "published")) if obj is not None else ("name",)
        return [(None, {"fields": [*known, *own]})]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let editors change drafts."""
        return super().has_change_permission(request, obj) and (obj is None or obj.status == ApprovalPolicy.Status.DRAFT)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those read who may read, edit or publish."""
        return super().has_view_permission(request) or any(
            request.user.has_perm(right) for right in (CHANGE, "pgworkflows.publish_policy")
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a draft go; what was published stays."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.status == ApprovalPolicy.Status.DRAFT)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Put the user down as the last editor."""
        if change:
            obj.editors = lock_draft(obj.pk, request.user).editors
        obj.edited(request.user)
        obj.save(using=conf().DATABASE)

    def get_urls(self) -> list[URLPattern]:
        """Give each action its own address."""
        wrap = self.admin_site.admin_view
        pages = [("publish", self.publish_view), ("new-draft", self.new_draft_view), ("try", self.try_view)]
        own = [
            path(f"<int:policy>/{name}/", wrap(view), name=f"pgworkflows_approvalpolicy_{name.replace('-', '_')}")
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer what this viewer may do with it."""
        policy = context.get("original")
        if policy is not None:
            may = request.user.has_perm
            context |= {
                "publish_url": self._to("publish", policy.pk)
                if self._is_draft(policy) and may("pgworkflows.publish_policy")
                else "",
                "draft_url": self._to("new_draft", policy.pk) if not self._is_draft(policy) and may(CHANGE) else "",
                "try_url": self._to("try", policy.pk),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def publish_view(self, request: HttpRequest, policy: int) -> HttpResponse:
        """Show what is about to be published; publish it if it is still that."""
        found = self._found(request, policy)
        if not request.user.has_perm("pgworkflows.publish_policy"):
            raise PermissionDenied
        if request.method == "POST":
            try:
                self._publish(request, found)
            except NotAllowed as error:
                return self._publish_page(request, found, [str(error)], status=403)
            except ValidationError as error:
                return self._publish_page(request, found, error.messages, status=422)
            self.message_user(request, _("%(policy)s is published.") % {"policy": found}, messages.SUCCESS)
            return HttpResponseRedirect(self._to("change", found.pk))
        return self._publish_page(request, found, problems_of(found))

    def _publish(self, request: HttpRequest, policy: ApprovalPolicy) -> None:
        alias = conf().DATABASE
        with transaction.atomic(using=alias), acting_as(request.user, channel="admin"):
            # Parts are edited under this lock too.
            locked = ApprovalPolicy.objects.using(alias).select_for_update(of=("self",)).get(pk=policy.pk)
            if request.POST.get("seen") != fingerprint(locked):
                raise ValidationError(str(_("It was edited since this page was made. Look at it again.")))
            policy.publish(request.user)
            self.log_change(request, policy, "published")

    def _publish_page(self, request: HttpRequest, policy: ApprovalPolicy, problems: list[str], status: int = 200) -> HttpResponse:
        context = {
            "title": _("Publish this policy?"),
            "seen": fingerprint(policy),
            "problems": problems,
            "own_edit": policy.is_edited_by(request.user),
            "stages": [(stage, asked(stage), opening(stage)) for stage in _stages(policy)],
            "replaced": ApprovalPolicy.objects.using(conf().DATABASE).published().filter(name=policy.name).first(),
        }
        return self._page(request, policy, "publish", context, status)

    def new_draft_view(self, request: HttpRequest, policy: int) -> HttpResponse:
        """Copy a version, and go to the copy."""
        if request.method != "POST":
            return back_to(request, self._to("change", policy))
        found = self._found(request, policy)
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        try:
            with acting_as(request.user, channel="admin"):
                draft = found.new_draft(request.user)
        except NotAllowed as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(self._to("change", found.pk))
        self.log_addition(request, draft, f"new draft of {found}")
        return HttpResponseRedirect(self._to("change", draft.pk))

    def try_view(self, request: HttpRequest, policy: int) -> HttpResponse:
        """Show which stages would open for a request that nobody makes."""
        found = self._found(request, policy)
        form = TryForm(request.POST if request.method == "POST" else None, viewer=request.user)
        context: dict[str, Any] = {"title": _("Try this policy"), "form": form}
        if form.is_valid():
            given = form.cleaned_data
            about = {"subject": given["subject"], "requester": given["requester"], "attributes": given["attributes"]}
            context["rehearsed"] = rehearse(found, **about)
        return self._page(request, found, "try", context, 422 if form.errors else 200)

    def _found(self, request: HttpRequest, key: int) -> ApprovalPolicy:
        found: ApprovalPolicy | None = self.get_queryset(request).filter(pk=key).first()
        if found is None or not self.has_view_permission(request, found):
            raise PermissionDenied
        return found

    def _page(
        self, request: HttpRequest, policy: ApprovalPolicy, name: str, context: dict[str, Any], status: int
    ) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "policy": policy,
            "policy_url": self._to("change", policy.pk),
            "list_url": self._to("changelist"),
        }
        return TemplateResponse(request, f"admin/pgworkflows/policy/{name}.html", shared | context, status=status)

    def _to(self, page: str, *arguments: Any) -> str:
        return in_admin(self.admin_site, f"pgworkflows_approvalpolicy_{page}", *arguments)

    def _is_draft(self, policy: ApprovalPolicy) -> bool:
        return bool(policy.status == ApprovalPolicy.Status.DRAFT)


def _stages(policy: ApprovalPolicy) -> QuerySet[ApprovalStage]:
    return policy.stages.prefetch_related("users", "groups", "conditions", "escalate_to")


def fingerprint(policy: ApprovalPolicy) -> str:
    """Return a hash of everything that a policy says, so that only what was read is published."""
    stages = [
        {
            **{field.attname: field.value_from_object(stage) for field in stage._meta.concrete_fields},
            **{name: sorted(row.pk for row in getattr(stage, name).all()) for name in ("users", "groups", "escalate_to")},
            "conditions": sorted([c.attribute, c.operator, c.value] for c in stage.conditions.all()),
        }
        for stage in _stages(policy)
    ]
    own = {name: getattr(policy, name) for name in ("description", "fallback_group_id", "restart", "status", "edited_by_name")}
    flags = [policy.allow_self_approval, policy.allow_same_person]
    return hashlib.sha256(json.dumps([own, flags, stages], default=str, sort_keys=True).encode()).hexdigest()
