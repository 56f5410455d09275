"""Filters whose choices are read without scanning, and which an index serves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import History, Workflow
from ..models.history import ROUTINE
from ..models.workflow import ENDED_BADLY, TROUBLED
from ..presentation.channels import CHANNELS
from ..store.connection import query
from ..values.readable import read_json
from ..values.redaction import Redactor

Choices = list[tuple[str, Any]]


class ChosenFilter(admin.SimpleListFilter):
    """Narrows by one of its choices and by nothing else."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what fits; what is no choice leads back to the list."""
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen not in {value for value, _name in self.lookup_choices}:
            raise IncorrectLookupParameters
        return queryset.filter(self.condition(chosen))

    def condition(self, chosen: str) -> Q:
        """Return what rows of this choice have in common."""
        return Q(**{str(self.parameter_name): chosen})


class StatusFilter(ChosenFilter):
    """By status, or all that has not ended."""

    title, parameter_name = _("status"), "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the statuses."""
        return [("unfinished", _("not ended")), ("badly", _("ended badly")), *Workflow.Status.choices]

    def condition(self, chosen: str) -> Q:
        """Say also what follows from the status: the planner does not see it, and partial indexes need it."""
        if chosen == "unfinished":
            return Q(finished_at=None)
        if chosen == "badly":
            return Q(status__in=ENDED_BADLY)
        if chosen in Workflow.FINISHED or chosen in TROUBLED:
            return Q(status=chosen)
        return Q(status=chosen, finished_at=None)


# From each value straight to the next one along the index: DISTINCT would read every row.
VALUES = """
WITH RECURSIVE found (value, place) AS (
  (SELECT w.{column}, 1 FROM pgworkflows_workflow w WHERE w.{column} <> %(usual)s ORDER BY w.{column} LIMIT 1)
  UNION ALL
  SELECT (SELECT w.{column} FROM pgworkflows_workflow w
          WHERE w.{column} <> %(usual)s AND w.{column} > f.value ORDER BY w.{column} LIMIT 1), f.place + 1
  FROM found f WHERE f.value IS NOT NULL AND f.place < %(most)s
)
SELECT value FROM found WHERE value IS NOT NULL
"""


def _values(column: str, *, usual: str = "", most: int = 50) -> list[str]:
    """List a column's values in order, the usual one left out, as the index on it and the id leaves it out."""
    return [value for (value,) in query(VALUES.format(column=column), {"usual": usual, "most": most})]


def names_in_use() -> list[str]:
    """List the names of all workflows that are on record."""
    return _values("name", most=500)


class NameFilter(ChosenFilter):
    """By definition."""

    title, parameter_name = _("name"), "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the names that have rows, whether their code is still there or not."""
        return [(name, name) for name in names_in_use()]


class QueueFilter(ChosenFilter):
    """By queue."""

    title, parameter_name = _("queue"), "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the default queue and the others that have rows; nothing where there is but the one."""
        others = _values("queue", usual="default")
        return [(queue, queue) for queue in ("default", *others)] if others else []


# Along the index of states, which an equality would leave the planner free not to take.
NEWEST_IN = """
SELECT s.state, n.kwargs::text, n.attributes::text
FROM unnest(%(states)s::text[]) WITH ORDINALITY AS s(state, place),
  LATERAL (SELECT w.kwargs, w.attributes FROM pgworkflows_workflow w WHERE w.state <= s.state AND w.state <> ''
           ORDER BY w.state DESC, w.id DESC LIMIT 1) n
ORDER BY s.place
"""


class StateFilter(ChosenFilter):
    """By the business's own state."""

    title, parameter_name = _("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the states that have rows, but none that tells a secret of its newest."""
        newest = query(NEWEST_IN, {"states": _values("state")})
        return [(state, state) for state, *given in newest if Redactor.of(*map(read_json, given)).text(state) == state]


class VerbFilter(ChosenFilter):
    """By what happened, engine's routine left out: that is read on a workflow's page."""

    title, parameter_name = _("what happened"), "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the verbs."""
        return [(value, name) for value, name in History.Event.choices if value not in ROUTINE]


class ChannelFilter(ChosenFilter):
    """By what people acted through."""

    title, parameter_name = _("through"), "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the channels that people have."""
        return list(CHANNELS.items())
