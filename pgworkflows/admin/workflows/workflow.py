"""Workflows in the admin: found, understood, and intervened in."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...exceptions import NotStorable, PGWorkflowsError
from ...models import Workflow
from ...presentation.waits import in_words
from ...store.actors import acting_as
from ...store.approvals.announcements import BEHIND
from ...values.redaction import Redactor
from ..filters import NameFilter, QueueFilter, StateFilter, StatusFilter
from ..listing import ReadOnlyAdmin
from ..searching import workflows_meant
from ..showing import EMPTY, Links, badge, length, moment
from .actions import ACTIONS, Action
from .page import WorkflowPage, subject_link, title_of


@admin.register(Workflow)
class WorkflowAdmin(ReadOnlyAdmin):
    """The list, the page of one workflow, and what may be done to it. Nothing changes but by a POST of its own."""

    list_display = ("title", "status_badge", "state_", "waits_for", "queue_", "created", "took")
    list_filter = (StatusFilter, NameFilter, StateFilter, QueueFilter)
    search_fields = ("key",)
    search_help_text = _(
        "A key or an id, or its beginning, the subject's words or id (7 or shop.order:7), a name, or an attribute (region=EU)."
    )
    list_select_related = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out what a list does not show."""
        return super().get_queryset(request).defer("result", "error", "cancel_request")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Find what is meant, by indexes only; without, leave out what goes on behind the project's own workflows."""
        typed = search_term.strip()
        if typed:
            return queryset.filter(workflows_meant(typed)), False
        return (queryset if NameFilter.parameter_name in request.GET else queryset.exclude(BEHIND)), False

    @admin.display(description=_("workflow"))
    def title(self, workflow: Workflow) -> str:
        """Show what tells it from others."""
        return title_of(workflow)

    @admin.display(description=_("status"))
    def status_badge(self, workflow: Workflow) -> SafeString:
        """Show the status."""
        return badge(workflow.status, workflow.get_status_display())

    @admin.display(description=_("state"), empty_value=EMPTY)
    def state_(self, workflow: Workflow) -> str | None:
        """Show the business's state."""
        return Redactor.of_workflow(workflow).text(workflow.state) or None

    @admin.display(description=_("waits for"), empty_value=EMPTY)
    def waits_for(self, workflow: Workflow) -> str | None:
        """Show the reason for its wait."""
        return in_words(workflow) or None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Add the subject, linked for those who may see it; it is not read."""
        links = Links(self.admin_site, request)

        @admin.display(description=_("subject"), empty_value=EMPTY)
        def subject(workflow: Workflow) -> SafeString | str | None:
            return subject_link(workflow, links) or None

        return [*self.list_display[:4], subject, *self.list_display[4:]]

    @admin.display(description=_("queue"))
    def queue_(self, workflow: Workflow) -> str:
        """Show the queue."""
        return workflow.queue

    @admin.display(description=_("created"))
    def created(self, workflow: Workflow) -> SafeString | str:
        """Show when it was started."""
        return moment(workflow.created_at)

    @admin.display(description=_("took"), empty_value=EMPTY)
    def took(self, workflow: Workflow) -> str | None:
        """Show how long it took from its start to its end."""
        return length(workflow.finished_at - workflow.created_at) if workflow.finished_at else None

    def get_urls(self) -> list[URLPattern]:
        """Give each action its own address."""
        wrap = self.admin_site.admin_view
        actions = [
            path(
                f"<uuid:workflow>/{action.name.replace('_', '-')}/",
                wrap(partial(self.action_view, action)),
                name=f"pgworkflows_workflow_{action.name}",
            )
            for action in ACTIONS
        ]
        return [*actions, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one workflow; there is nothing to post here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        workflow = self._found(request, unquote(object_id))
        if workflow is None:
            return self._not_found(request, object_id)
        links = Links(self.admin_site, request)
        context = {
            **self._common(request, workflow),
            **WorkflowPage.of(workflow, request, links).context(),
            "actions": [
                (action.label, links.to(f"pgworkflows_workflow_{action.name}", workflow.pk))
                for action in ACTIONS
                if action.offered(workflow) and request.user.has_perm(action.permission)
            ],
            "log_url": links.to("pgworkflows_workflow_history", workflow.pk),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/pgworkflows/workflow/page.html", context)

    def action_view(self, action: Action, request: HttpRequest, workflow: uuid.UUID) -> HttpResponse:
        """Ask why, then do it; what the verb refuses becomes a message, and what cannot be stored stays to be mended."""
        if not (self.has_view_permission(request) and request.user.has_perm(action.permission)):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        found = self._found(request, str(workflow))
        if found is None:
            return self._not_found(request, str(workflow))
        form = action.form(request.POST if request.method == "POST" else None, initial=action.initial(found))
        if form.is_valid() and self._perform(action, request, found, form):
            return HttpResponseRedirect(Links(self.admin_site, request).to("pgworkflows_workflow_change", found.pk))
        context = {
            **self._common(request, found),
            "title": action.question,
            "subtitle": title_of(found),
            "action": action,
            "status_badge": self.status_badge(found),
            "form": form,
        }
        return TemplateResponse(request, "admin/pgworkflows/workflow/confirm.html", context)

    def _perform(self, action: Action, request: HttpRequest, workflow: Workflow, form: Any) -> bool:
        """Do it, or say why not; return False where what was typed is to be mended."""
        given = form.cleaned_data
        try:
            with transaction.atomic(using=conf().DATABASE), acting_as(request.user, channel="admin"):
                warning = action.perform(workflow, given, request.user)
                self.log_change(request, workflow, f"{action.label}: {given['reason']}")
        except NotStorable as error:
            form.add_error(None, str(error))
            return False
        except PGWorkflowsError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, warning or action.done, messages.WARNING if warning else messages.SUCCESS)
        return True

    def _found(self, request: HttpRequest, key: str) -> Workflow | None:
        """Return the row with all its columns; None for what is no id, or nobody's."""
        try:
            identity = uuid.UUID(key)
        except ValueError:
            return None
        return Workflow.objects.using(conf().DATABASE).select_related("owner").filter(pk=identity).first()

    def _not_found(self, request: HttpRequest, key: str) -> HttpResponse:
        """Say so as the admin does."""
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, key)  # type: ignore[attr-defined] # Django's own
        return answer

    def _common(self, request: HttpRequest, workflow: Workflow) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title_of(workflow),
            "workflow": workflow,
            "page_url": Links(self.admin_site, request).to("pgworkflows_workflow_change", workflow.pk),
        }
