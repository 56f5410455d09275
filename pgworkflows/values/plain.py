"""Stored JSON as people and other programs read it: without the tags of `encoding`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .readable import TOO_DEEP


def plain(data: Any) -> Any:
    """Return stored data with each tagged value as `convert` would take it: text, seconds, an enum's value, a row's key."""
    try:
        return _plain(data)
    except RecursionError:
        return TOO_DEEP


def _plain(data: Any) -> Any:
    if isinstance(data, list):
        return [_plain(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((tag, content),) = data.items()
        if tag in _READERS:
            try:
                return _READERS[tag](content)
            except (TypeError, ValueError, IndexError):  # what came from SQL may only look like a tag
                return data
    return {key[1:] if key.startswith("$$") else key: _plain(item) for key, item in data.items()}


def _content(content: Any) -> Any:
    """Return what a tag holds beside the name of a class, which is never looked up to show it."""
    if not isinstance(content, list) or len(content) < 2:
        raise ValueError("no such tag is written")
    return _plain(content[-1])


_READERS: dict[str, Callable[[Any], Any]] = {
    "$decimal": str,
    "$datetime": lambda content: content if isinstance(content, str) else _content(content),
    "$date": str,
    "$time": str,
    "$uuid": str,
    "$timedelta": float,
    "$float": float,
    "$enum": _content,
    "$dataclass": _content,
    "$model": _content,
}
