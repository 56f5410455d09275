"""Hiding what nobody needs to read."""

from __future__ import annotations

from typing import Any

from .conf import conf

HIDDEN = "[hidden]"


def redacted(value: Any) -> Any:
    """Return JSON data with the values of the keys in `PGWORKFLOWS["REDACT"]` hidden, however deep."""
    return _hide(value, frozenset(key.lower() for key in conf().REDACT))


def _hide(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if key.lower() in keys else _hide(item, keys) for key, item in value.items()}
    if isinstance(value, list):
        return [_hide(item, keys) for item in value]
    return value
