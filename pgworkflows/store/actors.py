"""Who acts, for the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ..models.people import name_of, person
from ..values.people import Person
from ..values.texts import label
from .connection import database, query


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A user's primary key, where there is one, the name that the history keeps, and what they act through."""

    pk: Any = None
    name: str = ""
    channel: str = "python"
    #: Whether a bare name was given, which may be a user's.
    by_name: bool = False

    @classmethod
    def of(cls, who: Person | None, channel: str = "python") -> Actor:
        """Make an Actor of a user or a name."""
        if who is None or isinstance(who, str):
            return cls(name=label(who or "", "the name of who acts"), channel=channel, by_name=bool(who))
        row = person(who, database().alias)
        if row is None:  # AnonymousUser, or a token's user: a name at most
            return cls(name=str(who.get_username()), channel=channel)
        return cls(pk=row.pk, name=name_of(row), channel=channel)


#: What a worker does for nobody in particular.
WORKER = Actor(channel="worker")


ACT = "SELECT pgworkflows.act_as(%(actor)s, %(channel)s, %(note)s)"


@contextmanager
def recorded_as(actor: Actor, note: str = "") -> Iterator[None]:
    """Let the history say who does what follows, and why; needs a transaction, and gives back what it said before."""
    [(before,)] = query(ACT, {"actor": actor.name, "channel": actor.channel, "note": note})
    yield
    query(ACT, dict(zip(("actor", "channel", "note"), before, strict=True)))


_current: ContextVar[Actor | None] = ContextVar("pgworkflows_actor", default=None)


def current_actor(by: Person | None = None) -> Actor:
    """Return who acts: `by`, else the one that `acting_as` set, else nobody."""
    acting = _current.get()
    if by is not None:
        return Actor.of(by, acting.channel if acting else "python")
    return acting or Actor()


#: For whom the workflow runs whose body or step this is.
running_for: ContextVar[Actor | None] = ContextVar("pgworkflows_running_for", default=None)


def requester(by: Person | None = None) -> Actor:
    """Return who asks for what is started: `by`, else who acts, else for whom this workflow runs; a user's name is that user."""
    found = current_actor(by)
    if by is None and not found.name:
        return running_for.get() or found
    row = person(found.name, database().alias) if found.by_name else None
    return found if row is None else Actor.of(row, found.channel)


WRITES = ("INSERT", "UPDATE", "MERGE", "WITH", "CALL", "DO")


def sign(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Put who acts before a statement that writes, as a comment, for the trigger of `StartWorkflowOn`: no setting outlives it."""
    actor = _current.get() or running_for.get()
    if actor is not None and actor.name and isinstance(sql, str) and sql.startswith(WRITES):
        sql = f"/*pgworkflows:{actor.name.encode().hex()}*/ {sql}"
    return execute(sql, params, many, context)


@contextmanager
def acting_as(user: Person | None, *, channel: str = "python") -> Iterator[None]:
    """Let a user, or a name, be the actor of every verb inside."""
    token = _current.set(Actor.of(user, channel))
    try:
        yield
    finally:
        _current.reset(token)
