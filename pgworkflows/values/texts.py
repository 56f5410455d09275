"""Texts as PostgreSQL stores them, and how long they may be."""

from __future__ import annotations

from typing import cast

from ..conf import conf
from ..exceptions import NotStorable


def storable_text(value: str, where: str) -> str:
    """Return the text; raise NotStorable naming `where` if PostgreSQL cannot store it."""
    if not isinstance(value, str):
        raise TypeError(f"{where} must be text, not {value!r}.")
    if "\x00" in value:
        raise NotStorable(where, "its text holds a NUL character, which PostgreSQL does not store.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotStorable(where, "its text holds half of a surrogate pair, which is not valid Unicode.") from None
    return value


#: The most bytes of a text that an index holds: three of them fit into one entry.
LONGEST_LABEL = 500


def label(value: str, where: str, *, most: int = LONGEST_LABEL) -> str:
    """Return a text by which something is found; raise NotStorable naming `where` if it has more than `most` bytes."""
    size = len(storable_text(value, where).encode())
    if size > most:
        raise NotStorable(where, f"it has {size} bytes, more than {most}. Use a shorter text, or its hash.")
    return value


def key_text(value: str | int, where: str) -> str:
    """Return a key as text, a row's whole number as its digits; raise TypeError or NotStorable naming `where`."""
    return label(str(value) if type(value) is int else cast(str, value), where)


def prose(value: str, where: str) -> str:
    """Return a text for people; raise NotStorable naming `where`, also when it is larger than MAX_PAYLOAD_BYTES."""
    return check_size(storable_text(value, where), where)


def check_size(text: str, where: str) -> str:
    """Return the JSON text; raise NotStorable naming `where` when it is larger than MAX_PAYLOAD_BYTES."""
    largest = conf().MAX_PAYLOAD_BYTES
    if len(text) * 4 > largest and len(text.encode()) > largest:
        raise NotStorable(where, f"it is larger than MAX_PAYLOAD_BYTES ({largest}). Store it in a row and pass that.")
    return text
