"""What else is on record, to be read: history, definitions, workers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, Func, IntegerField, OuterRef, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import History, Worker, Workflow, WorkflowDefinition
from ..redaction import Veil
from ..store.connection import database_now
from .filters import ChannelFilter, ChosenFilter, VerbFilter
from .listing import NewestFirst, ReadOnlyAdmin
from .searching import history_meant
from .showing import EMPTY, Links, badge, linked, moment
from .workflow_page import change_of

#: An unfinished count goes no further.
MOST_COUNTED = 1_000


class WithSecretsKnown(NewestFirst):
    """A page of history, with what hides the secrets of each row's workflow, where that is still there."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the workflows of the page at once."""
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        told = set(filter(None, (row.workflow for row in self.result_list if row.note or row.state)))
        given = Workflow.objects.using(conf().DATABASE).only("kwargs", "attributes", "result")
        veils = {key: Veil.of_workflow(workflow) for key, workflow in given.in_bulk(told).items()}
        for row in self.result_list:
            row.veil = veils.get(row.workflow, Veil())


@admin.register(History)
class HistoryAdmin(ReadOnlyAdmin):
    """Who did what, when: all of it, for those who may."""

    list_display = ("at_", "event_", "change", "actor_", "session_user_", "note_")
    list_filter = (VerbFilter, ChannelFilter)
    search_fields = ("actor",)
    search_help_text = _("A workflow's id, or the name of who acted.")
    fields = (
        "at_",
        "workflow",
        "task",
        "approval",
        "event_",
        "change",
        "state_",
        "attempt",
        "actor",
        "session_user",
        "channel",
        "note_",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows what to hide."""
        return WithSecretsKnown

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Find a workflow's rows, or a person's."""
        typed = search_term.strip()
        return (queryset.filter(history_meant(typed)) if typed else queryset), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Add the workflow, linked for those who may see it."""
        links = Links(self.admin_site, request)

        @admin.display(description=_("workflow"), empty_value=EMPTY)
        def workflow(row: History) -> SafeString | str | None:
            address = links.to_row(Workflow, row.workflow)
            return linked(address, row.workflow) if row.workflow else None

        return [self.list_display[0], workflow, *self.list_display[1:]]

    @admin.display(description=_("at"))
    def at_(self, row: History) -> SafeString | str:
        """Show when."""
        return moment(row.at)

    @admin.display(description=_("what happened"))
    def event_(self, row: History) -> str:
        """Show the verb."""
        return str(row.get_event_display())

    @admin.display(description=_("change"), empty_value=EMPTY)
    def change(self, row: History) -> str | None:
        """Show the change of status, or the new state."""
        return self.state_(row) if row.event == History.Verb.STATE else change_of(row) or None

    @admin.display(description=_("state"), empty_value=EMPTY)
    def state_(self, row: History) -> str | None:
        """Show the business's state."""
        return self._veil(row).text(row.state) or None

    def _veil(self, row: History) -> Veil:
        """Return what hides the secrets of its workflow, where that is still there."""
        if hasattr(row, "veil"):
            known: Veil = row.veil
            return known
        if row.workflow is None:
            return Veil()
        return Veil.of_workflow(Workflow.objects.using(conf().DATABASE).filter(pk=row.workflow).first())

    @admin.display(description=_("by"), empty_value=EMPTY)
    def actor_(self, row: History) -> str | None:
        """Show who acted, and through what."""
        return f"{row.actor or EMPTY} ({row.channel})" if row.channel else row.actor or None

    @admin.display(description=_("session"))
    def session_user_(self, row: History) -> str:
        """Show the database's role, which nobody can forge."""
        return row.session_user

    @admin.display(description=_("note"), empty_value=EMPTY)
    def note_(self, row: History) -> str | None:
        """Show the note without secrets."""
        return self._veil(row).text(row.note) or None


@admin.register(WorkflowDefinition)
class WorkflowDefinitionAdmin(ReadOnlyAdmin):
    """What can be started, and what of it has not ended: when an old version may go."""

    list_display = ("definition", "unfinished", "blocked", "steps_")
    fields = ("name", "version", "fingerprint", "parameters", "options", "steps_", "unfinished", "blocked")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count along with it, up to a bound."""
        found: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = found.annotate(open=_counted(), stuck=_counted(status=Workflow.Status.BLOCKED))
        return counted

    @admin.display(description=_("definition"))
    def definition(self, definition: WorkflowDefinition) -> str:
        """Show name and version."""
        return str(definition)

    @admin.display(description=_("not ended"))
    def unfinished(self, definition: Any) -> str:
        """Show how many runs of this version there are to wait for."""
        return _up_to(definition.open)

    @admin.display(description=_("of them blocked"))
    def blocked(self, definition: Any) -> str:
        """Show how many of them wait for a person."""
        return _up_to(definition.stuck)

    @admin.display(description=_("steps"), empty_value=EMPTY)
    def steps_(self, definition: WorkflowDefinition) -> str | None:
        """Show the steps' names."""
        return ", ".join(definition.steps) or None


def _counted(**only: Any) -> Func:
    """Count a version's runs that have not ended, as far as MOST_COUNTED and one more."""
    runs = Workflow.objects.using(conf().DATABASE).unfinished().filter(name=OuterRef("name"), version=OuterRef("version"), **only)
    return Func(ArraySubquery(runs.values("pk")[: MOST_COUNTED + 1]), function="cardinality", output_field=IntegerField())


def _up_to(count: int) -> str:
    return str(count) if count <= MOST_COUNTED else gettext("more than %(count)d") % {"count": MOST_COUNTED}


class LivingFilter(ChosenFilter):
    """By whether it runs."""

    title, parameter_name = _("whether it runs"), "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two."""
        return [("yes", _("running")), ("no", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that have neither stopped nor been found dead, or the others."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(stopped_at__isnull=chosen == "yes")


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """The processes that run workflows."""

    list_display = ("name_", "standing", "queues_", "direct_", "calls", "started", "beat")
    list_filter = (LivingFilter,)
    fields = (
        "name_",
        "standing",
        "queues_",
        "definitions",
        "direct_",
        "lease",
        "calls",
        "started",
        "connected_at",
        "beat",
        "stopped_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Say of each whether its lease has passed, by the database's clock, and how many calls it has in flight."""
        late = When(stopped_at=None, beat_at__lt=database_now() - F("lease"), then=Value(True))
        found: QuerySet[Any] = super().get_queryset(request)
        described: QuerySet[Any] = found.annotate(late=Case(late, default=Value(False)), in_flight=Count("claims"))
        return described

    @admin.display(description=_("worker"))
    def name_(self, worker: Worker) -> str:
        """Show its name."""
        return worker.name

    @admin.display(description=_("status"))
    def standing(self, worker: Any) -> SafeString:
        """Show whether it lives."""
        if worker.stopped_at is not None:
            return badge("", _("ended"))
        return badge("FAILED", _("gives no sign of life")) if worker.late else badge("COMPLETED", _("running"))

    @admin.display(description=_("queues"))
    def queues_(self, worker: Worker) -> str:
        """Show the queues it takes."""
        return ", ".join(worker.queues) or str(_("all"))

    @admin.display(description=_("connection"))
    def direct_(self, worker: Worker) -> str:
        """Show whether it is connected without a pooler."""
        return str(_("direct")) if worker.direct else str(_("through a pooler"))

    @admin.display(description=_("calls in flight"))
    def calls(self, worker: Any) -> int:
        """Show how many outside calls it has made and not reported."""
        return int(worker.in_flight)

    @admin.display(description=_("started"))
    def started(self, worker: Worker) -> SafeString | str:
        """Show when it started."""
        return moment(worker.started_at)

    @admin.display(description=_("last sign of life"))
    def beat(self, worker: Worker) -> SafeString | str:
        """Show its last heartbeat."""
        return moment(worker.beat_at)
