"""By which ways an approval comes to somebody, and whether four eyes keep them from deciding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q

from ..values.people import User
from .delegation import Delegation
from .people import name_of, person

if TYPE_CHECKING:
    pass


#: Finds no row.
NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an approval can come to somebody: named as a user, as a member of a group, or standing in for a principal."""

    name: Literal["user", "group", "delegate"]
    principal: Any
    condition: Q
    #: The user and the principal, by primary key and name.
    people: dict[Any, str]

    @property
    def kept_out(self) -> KeptOut:
        """Whether four eyes keep one of the two from deciding."""
        return KeptOut(self.people)


class OfTheRow(Func):
    """What a function of ours says of an approval: it takes the whole row, by the name that its table has in the query."""

    conditional = True
    output_field = BooleanField()

    def __init__(self) -> None:
        super().__init__(F("pk"))

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:  # type: ignore[override] # it has no other template
        """Hand over the row."""
        column, _none = compiler.compile(self.source_expressions[0])
        return self.asks(column.rpartition(".")[0])

    def asks(self, row: str) -> tuple[str, list[Any]]:
        """Return the condition on a row, and its parameters."""
        raise NotImplementedError


class TakesDecisions(OfTheRow):
    """Whether the approval is still open, as deciding says."""

    def asks(self, row: str) -> tuple[str, list[Any]]:
        """Ask the function that deciding asks."""
        return f"pgworkflows.takes_decisions({row})", []


class KeptOut(OfTheRow):
    """Whether pgworkflows.kept_out() names one of these people, for the approval of the row."""

    def __init__(self, people: dict[Any, str]) -> None:
        super().__init__()
        self.people = people

    def asks(self, row: str) -> tuple[str, list[Any]]:
        """Ask by key and by name."""
        marks = ", ".join(["%s"] * len(self.people))
        text = f"EXISTS (SELECT FROM pgworkflows.kept_out({row}) k WHERE k.id IN ({marks}) OR k.username IN ({marks}))"
        return text, [*self.people, *self.people.values()]


def ways_to(user: User, alias: str) -> list[Way]:
    """Return the ways by which an approval can come to this user just now; each condition alone is served by an index."""
    row = person(user, alias)
    if row is None:
        return []
    mine = {row.pk: name_of(row)}
    name = f"delegator__{row.USERNAME_FIELD}"
    given = list(Delegation.objects.using(alias).current().filter(delegate=row).values_list("delegator", name, "kinds"))
    groups = groups_of([row.pk, *(principal for principal, _, _ in given)], alias)
    ways = [Way(name="user", principal=row.pk, condition=_named_as_user([row.pk]), people=mine)]
    if own := [group for member, group in groups if member == row.pk]:
        ways.append(Way(name="group", principal=row.pk, condition=_named_by_group(own), people=mine))
    for principal, username, kinds in given:
        covered = Q(kind__in=kinds) if kinds else Q()
        asked = named([principal], [pair for pair in groups if pair[0] == principal])
        both = mine | {principal: str(username)}
        ways.append(Way(name="delegate", principal=principal, condition=asked & covered, people=both))
    return ways


def groups_of(users: list[Any], alias: str) -> list[tuple[Any, Any]]:
    """Return pairs of user and group; read at once, so that the planner knows how many groups there are."""
    membership = getattr(get_user_model(), "groups", None)  # a project's own kind of user need not have any
    if membership is None:
        return []
    member = membership.field.m2m_field_name()
    rows = membership.through._default_manager.using(alias).filter(**{f"{member}__in": users})
    return list(rows.values_list(f"{member}_id", "group_id"))


def named(users: list[Any], groups: list[tuple[Any, Any]]) -> Q:
    """Find what asks one of these users, or of these groups."""
    as_user = _named_as_user(users)
    return as_user | _named_by_group([group for _, group in groups]) if groups else as_user


# EXISTS, not IN: alone it becomes a join, and beside others the planner may look each row up instead of reading all.
def _named_as_user(users: list[Any]) -> Q:
    asked = _asked("users")
    user = asked.field.m2m_reverse_field_name()
    return Q(Exists(asked.through.objects.filter(approval=OuterRef("pk"), **{f"{user}__in": users})))


def _named_by_group(groups: list[Any]) -> Q:
    return Q(Exists(_asked("groups").through.objects.filter(approval=OuterRef("pk"), group__in=groups)))


def _asked(relation: str) -> Any:
    return getattr(apps.get_model("pgworkflows", "Approval"), relation)
