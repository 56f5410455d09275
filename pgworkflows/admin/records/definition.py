"""Definitions: what can be started, and what of it has not ended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...models import Workflow, WorkflowDefinition
from ..listing import ReadOnlyAdmin
from ..showing import EMPTY

#: An unfinished count goes no further.
MOST_COUNTED = 1_000


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
