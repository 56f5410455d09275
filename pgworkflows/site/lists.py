"""The lists of approvals: each reads along an index as far as its page goes, and is never counted to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import Approval, Decision
from ..models.people import may, person
from ..models.ways import TakesDecisions, ways_to
from ..presentation.search import labelled, meant
from ..presentation.summaries import in_short
from ..store.connection import database_now, query
from ..values.people import User, UserRow

PER_PAGE = 50
#: What lies beyond is reached by filters and by searching.
MOST_PAGES = 100
MOST_COUNTED = 99

#: One list is merged of several, each of them with a plan and an index of its own.
Branches = Sequence[QuerySet[Approval]]

SOONEST = ("due_at", "id")
NEWEST = ("-id",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    approvals: list[Any]
    number: int
    there_are_more: bool


def to_decide(user: User, whose: str = "") -> Branches:
    """Find what waits for this user's decision, by the ways in which it comes to them; `whose` picks one of the ways."""
    alias = conf().DATABASE
    pending = Approval.objects.using(alias).pending()
    return [
        pending.filter(way.condition).filter(TakesDecisions()).exclude(way.kept_out)
        for way in ways_to(user, alias)
        if whose in ("", way.name)
    ]


def requested(user: User) -> Branches:
    """Find what this user asked for: each request once, as it stands."""
    # A scalar subquery is looked up for each row shown; NOT EXISTS would become a join of the whole table with itself.
    same = Approval.objects.filter(workflow=OuterRef("workflow"), branch=OuterRef("branch"), request=OuterRef("request"))
    newest = Subquery(same.order_by("-seq").values("seq")[:1])
    return [Approval.objects.using(conf().DATABASE).requested_by(user).filter(seq=newest)]


def decided(user: UserRow) -> Branches:
    """Find what this user has decided."""
    heard = Decision.objects.filter(user=user, approval=OuterRef("pk"))
    return [Approval.objects.using(conf().DATABASE).filter(Exists(heard))]


def visible(user: UserRow) -> Branches:
    """Find what this user may see."""
    rows = Approval.objects.using(conf().DATABASE)
    if person(user, conf().DATABASE) is None:
        return []
    if may(user, "view_approval"):
        return [rows.all()]
    for_them = Decision.objects.filter(on_behalf_of=user, approval=OuterRef("pk"))
    asked = [rows.filter(way.condition) for way in ways_to(user, conf().DATABASE)]
    return [*asked, rows.requested_by(user), rows.filter(Exists(for_them)), *decided(user)]


def ids(branches: Branches, order: tuple[str, ...], first: int, count: int) -> list[Any]:
    """Return the primary keys of some rows of the merged list."""
    if not branches:
        return []
    columns = [name.lstrip("-") for name in order]
    parts = [branch.order_by(*order).values(*columns)[: first + count] for branch in branches]
    merged = parts[0].union(*parts[1:]).order_by(*order)[first : first + count] if len(parts) > 1 else parts[0][first:]
    return [row["id"] for row in merged]


def page_of(branches: Branches, order: tuple[str, ...], number: int) -> Page:
    """Read one page, with what a row shows, in two queries."""
    number = min(max(number, 1), MOST_PAGES)
    found = ids(branches, order, (number - 1) * PER_PAGE, PER_PAGE + 1)
    rows = with_progress(Approval.objects.using(conf().DATABASE)).in_bulk(found[:PER_PAGE])
    listed = [rows[key] for key in found[:PER_PAGE] if key in rows]
    return Page(approvals=listed, number=number, there_are_more=len(found) > PER_PAGE and number < MOST_PAGES)


def with_progress(rows: QuerySet[Approval]) -> QuerySet[Any]:
    """Add to each row how many have agreed, and leave out what only its own page shows."""
    agreeing = Decision.objects.filter(approval=OuterRef("pk"), verdict=Approval.Verdict.APPROVE).order_by()
    count = agreeing.values("approval").annotate(number=Count("pk")).values("number")
    unread = ("snapshot", "snapshot_keys", "could_decide", "escalate_to", "workflow__result", "workflow__error")
    shown = rows.select_related("stage", "policy", "workflow").defer(*unread)
    return shown.annotate(agreed=Coalesce(Subquery(count), 0), **in_short())


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits for somebody, counted as far as MOST_COUNTED and one more."""

    number: int
    overdue: int

    @property
    def shown(self) -> str:
        """The number as text."""
        return up_to(self.number)

    @property
    def overdue_shown(self) -> str:
        """The number of those that are overdue as text."""
        return up_to(self.overdue)


def up_to(number: int) -> str:
    """Return a bounded count as text."""
    return str(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+"


def waiting_for(user: User) -> Waiting:
    """Count what waits for this user's decision."""
    branches, now = to_decide(user), database_now()
    late = [branch.filter(due_at__lt=now) for branch in branches]
    return Waiting(number=len(ids(branches, SOONEST, 0, MOST_COUNTED + 1)), overdue=len(ids(late, SOONEST, 0, MOST_COUNTED + 1)))


# From each kind straight to the next one along the index, fifty at most: DISTINCT would read every row.
KINDS = """
WITH RECURSIVE found (kind, place) AS (
  (SELECT a.kind, 1 FROM pgworkflows_approval a ORDER BY a.kind LIMIT 1)
  UNION ALL
  SELECT (SELECT a.kind FROM pgworkflows_approval a WHERE a.kind > f.kind ORDER BY a.kind LIMIT 1), f.place + 1
  FROM found f WHERE f.kind IS NOT NULL AND f.place < 50
)
SELECT kind FROM found WHERE kind IS NOT NULL
"""


def kinds() -> list[tuple[str, str]]:
    """Return the kinds that there are, as choices."""
    return [(kind, kind) for (kind,) in query(KINDS)]


class Filters(forms.Form):
    """What narrows a list; `whose` is for what waits, `status` for what need not."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=200, help_text=_("Words of the title, the id of the subject, or who asked.")
    )
    whose = forms.ChoiceField(
        label=_("Asked"),
        required=False,
        choices=[("", _("anyhow")), ("user", _("me")), ("group", _("my groups")), ("delegate", _("those I stand in for"))],
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("any")), *Approval.Status.choices])
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    attribute = forms.RegexField(
        r"^[^=]+=.*$", label=_("Attribute"), required=False, max_length=200, help_text=_("As name=value.")
    )
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)

    def __init__(self, *args: Any, without: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields[without]
        self.fields["kind"].choices = [("", _("any")), *kinds()]  # type: ignore[attr-defined] # a ChoiceField

    def narrow(self, branches: Branches) -> Branches:
        """Narrow each branch by what is chosen; what makes no sense finds nothing."""
        if not self.is_valid():
            return []
        given, condition = self.cleaned_data, Q()
        if given["q"]:
            condition &= meant(given["q"].strip())
        if given["kind"]:
            condition &= Q(kind=given["kind"])
        if given["attribute"]:
            condition &= labelled(given["attribute"])
        if given.get("status"):
            condition &= Q(status=given["status"])
        if given["overdue"]:
            condition &= Q(status=Approval.Status.PENDING, due_at__lt=database_now())
        return [branch.filter(condition) for branch in branches]
