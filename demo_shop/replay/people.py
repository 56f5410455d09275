"""The people of the replay: employees, and enough for each role that nobody decides in two stages."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

from demo_shop.replay.acts import EMPLOYEE, STAGES

EMPLOYEES = 200
OF_EACH_ROLE = 10


@dataclass(frozen=True, slots=True)
class People:
    """Who is there, by role; each is asked in turn."""

    turns: dict[str, cycle[User]]

    def next_of(self, role: str) -> User:
        """Return whose turn it is."""
        return next(self.turns[role])


def gather() -> People:
    """Return the people, who are made on first use and cannot log in."""
    turns = {EMPLOYEE: cycle(_users("employee", EMPLOYEES))}
    for role, (stage, group) in STAGES.items():
        users = _users(stage.replace(" ", "-"), OF_EACH_ROLE)
        Group.objects.get_or_create(name=group)[0].user_set.add(*users)
        turns[role] = cycle(users)
    return People(turns)


def _users(prefix: str, number: int) -> list[User]:
    names = [f"{prefix}-{which:03}" for which in range(1, number + 1)]
    password = make_password(None)
    User.objects.bulk_create((User(username=name, password=password) for name in names), ignore_conflicts=True)
    return list(User.objects.filter(username__in=names).order_by("username"))
