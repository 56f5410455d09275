"""History: who did what, when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...models import History, Workflow
from ...values.redaction import Redactor
from ..filters import ChannelFilter, VerbFilter
from ..listing import NewestFirst, ReadOnlyAdmin
from ..searching import history_meant
from ..showing import EMPTY, Links, linked, moment
from ..workflows.page import change_of


class WithWorkflows(NewestFirst):
    """A page of history, with each row's workflow, where that is still there, and what hides its secrets."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the workflows of the page at once."""
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        shown = Workflow.objects.using(conf().DATABASE).only("name", "kwargs", "attributes", "result")
        workflows = shown.in_bulk({row.workflow for row in self.result_list if row.workflow})
        redactors = {key: Redactor.of_workflow(workflow) for key, workflow in workflows.items()}
        for row in self.result_list:
            row.redactor = redactors.get(row.workflow, Redactor())
            row.named = f"{workflows[row.workflow].name} {row.workflow}" if row.workflow in workflows else row.workflow


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
        """Return the list that knows what to hide, and whose history it is."""
        return WithWorkflows

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Find a workflow's rows, or a person's."""
        typed = search_term.strip()
        return (queryset.filter(history_meant(typed)) if typed else queryset), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Add the workflow, linked for those who may see it."""
        links = Links(self.admin_site, request)

        @admin.display(description=_("workflow"), empty_value=EMPTY)
        def workflow(row: Any) -> SafeString | str | None:
            address = links.to_row(Workflow, row.workflow)
            return linked(address, row.named) if row.workflow else None

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
        return self.state_(row) if row.event == History.Event.STATE else change_of(row) or None

    @admin.display(description=_("state"), empty_value=EMPTY)
    def state_(self, row: History) -> str | None:
        """Show the business's state."""
        return self._redactor(row).text(row.state) or None

    def _redactor(self, row: History) -> Redactor:
        """Return what hides the secrets of its workflow, where that is still there."""
        if hasattr(row, "redactor"):
            known: Redactor = row.redactor
            return known
        if row.workflow is None:
            return Redactor()
        return Redactor.of_workflow(Workflow.objects.using(conf().DATABASE).filter(pk=row.workflow).first())

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
        return self._redactor(row).text(row.note) or None
