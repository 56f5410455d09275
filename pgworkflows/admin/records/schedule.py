"""Schedules: when they come, what they began and left out; made and changed with a reason, after a look at the next ten times."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...exceptions import PGWorkflowsError
from ...models import History, Schedule, Workflow
from ...presentation.links import in_admin
from ...store.actors import acting_as
from ...store.connection import database_now
from ...store.live_workers import LiveWorkers
from ...store.schedules import verbs
from ...values.redaction import Redactor
from ...values.timetable import in_utc
from ..listing import ModelAdmin
from ..showing import EMPTY, badge, linked, moment
from .schedule_form import ScheduleForm, shown_times

CHANGE, TRIGGER, START = "pgworkflows.change_schedule", "pgworkflows.trigger_schedule", "pgworkflows.start_workflow"
MOST_SHOWN = 20

#: What can be done to one: the right, the button, what it means.
DEEDS: dict[str, tuple[str, Any, Any]] = {
    "trigger": (TRIGGER, _("Start now"), _("Starts its workflow now, whatever runs and whether it is paused.")),
    "pause": (CHANGE, _("Pause"), _("Starts nothing by the clock until it is resumed.")),
    "resume": (CHANGE, _("Resume"), _("Goes on with the times that come from now on.")),
    "reset": (CHANGE, _("Have it as code says"), _("Takes back what was changed here.")),
}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("reason"), max_length=500)


@admin.register(Schedule)
class ScheduleAdmin(ModelAdmin):
    """What is started by the clock."""

    form = ScheduleForm
    actions = None
    list_display = ("name", "workflow", "when", "next", "standing", "last_run")
    search_fields = ("name", "workflow")
    ordering = ("name",)
    change_form_template = "admin/pgworkflows/schedule/change_form.html"
    facts = ("standing", "next_times", "last_runs", "left_out", "changes")

    class Media:
        css = {"all": ["pgworkflows/pgworkflows.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read from the database that holds the tables."""
        return super().get_queryset(request).using(conf().DATABASE)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the name once it is given: the keys of runs are made of it."""
        return () if obj is None else ("name", *self.facts)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show how it stands above what can be changed."""
        own = [*ScheduleForm.Meta.fields, *(["reason"] if obj is None or self.has_change_permission(request, obj) else [])]
        return [(None, {"fields": self.facts if obj is not None else ()}), (None, {"fields": own})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those make one who may start workflows."""
        return super().has_add_permission(request) and request.user.has_perm(START)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: it is paused, and what it did stays explained."""
        return False

    @admin.display(description=_("when"))
    def when(self, schedule: Schedule) -> str:
        """Show the expression."""
        return f"{schedule.cron} ({schedule.tz})" if schedule.cron else str(_("every %(step)s") % {"step": schedule.every})

    @admin.display(description=_("next"))
    def next(self, schedule: Schedule) -> SafeString | str:
        """Show when it comes next."""
        return EMPTY if schedule.paused_at else moment(schedule.next_at)

    @admin.display(description=_("status"))
    def standing(self, schedule: Schedule) -> SafeString:
        """Show whether it can begin anything, and what is odd about it."""
        if schedule.paused_at:
            shown = [badge("WAITING", _("paused: %(reason)s") % {"reason": schedule.pause_reason})]
        elif not LiveWorkers.now().knows(schedule.workflow):
            shown = [badge("FAILED", _("no live worker knows its workflow"))]
        else:
            shown = [badge("COMPLETED", _("on"))]
        if schedule.overridden:
            shown.append(
                badge("PENDING", _("code says another %(columns)s") % {"columns": ", ".join(schedule.differs_from_code)})
            )
        return format_html_join(" ", "{}", ((part,) for part in shown))

    @admin.display(description=_("last run"))
    def last_run(self, schedule: Schedule) -> SafeString | str:
        """Show the newest run."""
        return next(iter(self._runs(schedule, 1)), EMPTY)

    @admin.display(description=_("next ten times"))
    def next_times(self, schedule: Schedule) -> SafeString:
        """Show when it comes, were it not paused."""
        return _listed(shown_times(schedule.timetable, in_utc(database_now())))

    @admin.display(description=_("last runs"))
    def last_runs(self, schedule: Schedule) -> SafeString:
        """Show the newest runs."""
        return _listed(self._runs(schedule, MOST_SHOWN))

    def _runs(self, schedule: Schedule, most: int) -> Iterable[SafeString]:
        runs = Workflow.objects.using(conf().DATABASE).filter(schedule=schedule.pk).order_by("-id")[:most]
        for run in runs:
            address = in_admin(self.admin_site, "pgworkflows_workflow_change", run.pk)
            status = badge(run.status, run.get_status_display())
            yield format_html("{} {}", linked(address, moment(run.scheduled_for)), status)

    @admin.display(description=_("left out"))
    def left_out(self, schedule: Schedule) -> SafeString:
        """Show which times began nothing, and why."""
        hide = Redactor.of(schedule.kwargs).text
        return _listed(
            f"{row.data.get('from')} {_('to')} {row.data.get('to')}: {hide(row.note)}" for row in _told(schedule, "skip")
        )

    @admin.display(description=_("changes"))
    def changes(self, schedule: Schedule) -> SafeString:
        """Show who changed what, and why."""
        hide = Redactor.of(schedule.kwargs).text
        return _listed(
            format_html("{} {} {}: {}", moment(row.at), row.actor or row.channel, row.get_event_display(), hide(row.note))
            for row in _told(schedule, "configure", "pause", "resume")
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the next ten times before anything is saved."""
        if request.method == "POST" and "_confirmed" not in request.POST:
            row = self.get_object(request, object_id) if object_id else None
            may = self.has_change_permission(request, row) if row is not None else self.has_add_permission(request)
            form = self.get_form(request, row)(request.POST, instance=copy(row))
            if may and form.is_valid():
                return self._preview(request, form)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _preview(self, request: HttpRequest, form: Any) -> HttpResponse:
        given = [
            (name, value) for name in request.POST for value in request.POST.getlist(name) if not name.startswith(("_", "csrf"))
        ]
        context = {"title": _("Save this schedule?"), "given": given, "upcoming": form.upcoming(in_utc(database_now()))}
        return self._page(request, form.instance, "preview", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save it for who asks, with the reason."""
        with acting_as(request.user, channel="admin"):
            verbs.configure(obj, form.cleaned_data["reason"], by=None)

    def get_urls(self) -> list[URLPattern]:
        """Give each deed its own address."""
        wrap = self.admin_site.admin_view
        own = [
            path(f"<int:schedule>/{deed}/", wrap(self.act_view), {"deed": deed}, name=f"pgworkflows_schedule_{deed}")
            for deed in DEEDS
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer what this viewer may do with it."""
        schedule = context.get("original")
        if schedule is not None:
            context["deeds"] = [(self._to(deed, schedule.pk), DEEDS[deed][1]) for deed in _possible(schedule, request)]
        return super().render_change_form(request, context, *args, **kwargs)

    def act_view(self, request: HttpRequest, schedule: int, deed: str) -> HttpResponse:
        """Ask for the reason, and do it."""
        found = self.get_queryset(request).filter(pk=schedule).first()
        if found is None or not self.has_view_permission(request, found) or deed not in _possible(found, request):
            raise PermissionDenied
        _right, title, explanation = DEEDS[deed]
        form = (
            ReasonForm(request.POST if request.method == "POST" else None)
            if deed != "trigger"
            else forms.Form(request.POST or None)
        )
        if request.method == "POST" and (deed == "trigger" or form.is_valid()):
            try:
                return self._act(request, found, deed, form)
            except (PGWorkflowsError, TypeError) as error:
                form.add_error(None, str(error))
        return self._page(request, found, "act", {"title": title, "explanation": explanation, "form": form})

    def _act(self, request: HttpRequest, schedule: Schedule, deed: str, form: forms.Form) -> HttpResponse:
        with acting_as(request.user, channel="admin"):
            if deed == "trigger":
                run = verbs.trigger(schedule, by=None)
                self.message_user(request, _("%(workflow)s is started.") % {"workflow": run}, messages.SUCCESS)
            else:
                getattr(verbs, deed)(schedule, form.cleaned_data["reason"], by=None)
        return HttpResponseRedirect(self._to("change", schedule.pk))

    def _page(self, request: HttpRequest, schedule: Schedule, name: str, context: dict[str, Any]) -> HttpResponse:
        addresses = {"list_url": self._to("changelist"), "page_url": self._to("change", schedule.pk) if schedule.pk else ""}
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "schedule": schedule, **addresses}
        return TemplateResponse(request, f"admin/pgworkflows/schedule/{name}.html", shared | context)

    def _to(self, page: str, *arguments: Any) -> str:
        return in_admin(self.admin_site, f"pgworkflows_schedule_{page}", *arguments)


def _possible(schedule: Schedule, request: HttpRequest) -> list[str]:
    unfit = {"pause"} if schedule.paused_at else {"resume"}
    if not schedule.overridden:
        unfit.add("reset")
    return [deed for deed, (right, *_texts) in DEEDS.items() if deed not in unfit and request.user.has_perm(right)]


def _told(schedule: Schedule, *events: str) -> QuerySet[History]:
    return History.objects.using(conf().DATABASE).of_schedule(schedule.pk).filter(event__in=events)[:MOST_SHOWN]


def _listed(lines: Iterable[Any]) -> SafeString:
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line,) for line in lines)))
