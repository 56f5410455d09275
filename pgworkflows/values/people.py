"""Who acts, is asked or is told, as types."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias


class User(Protocol):
    """A row of the project's user model, or what stands in for one: AnonymousUser, a token's user."""

    @property
    def pk(self) -> Any:
        """Its primary key, None for nobody's."""

    def get_username(self) -> str:
        """Return the name that the history keeps."""


#: A user, or a user's name.
Person: TypeAlias = User | str
#: What queries take: a row of the user model that the settings name, which no type here can.
UserRow: TypeAlias = Any
