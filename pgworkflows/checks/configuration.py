"""Checks of the dict PGWORKFLOWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from ..conf import KNOWN, SETTING, conf, maker_and_bound, unknown_keys

_LEAST_BEATS = 3


def _positive_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _positive_seconds(value: Any) -> bool:
    if isinstance(value, timedelta):
        return value > timedelta(0)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _optional_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value)


def _executors(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) and _executor(given) for name, given in value.items())


def _executor(given: Any) -> bool:
    maker, bound = maker_and_bound(given)
    return (isinstance(maker, str) or callable(maker)) and (bound is None or _positive_whole(bound))


_Rule = tuple[Callable[[Any], bool], str]
_WHOLE: _Rule = (_positive_whole, "a whole number of 1 or more")
_SECONDS: _Rule = (_positive_seconds, "a timedelta or a number of seconds, more than 0")

_RULES: dict[str, _Rule] = {
    "DATABASE": (_text, "an alias in DATABASES"),
    "BATCH_SIZE": _WHOLE,
    "BATCH_SECONDS": _SECONDS,
    "CONCURRENCY": _WHOLE,
    "LEASE": _SECONDS,
    "HEARTBEAT": _SECONDS,
    "POLL_INTERVAL": _SECONDS,
    "MAX_PAYLOAD_BYTES": _WHOLE,
    "EXECUTORS": (
        _executors,
        'a dict such as {"heavy": ("shop.executors.make", 8)}: by name, a callable or dotted path that makes an executor, '
        "and how many calls may be in flight there (1 or more)",
    ),
    "ENTER": (lambda value: _optional_text(value) or callable(value), "a callable, a dotted path or None"),
    "REDACT": (_texts, "a list of keys"),
    "LINK_MAX_AGE": _SECONDS,
    "FROM_EMAIL": (_optional_text, "an address or None"),
    "BASE_URL": (_text, 'text such as "https://shop.example.com"'),
    "DUE": (lambda value: _optional_text(value) or callable(value), "a callable, a dotted path or None"),
}


def check_settings() -> list[CheckMessage]:
    """Report unknown keys, values that cannot be meant, and paths that lead nowhere."""
    given = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        return [Error(f"{SETTING} is {given!r}.", hint="Make it a dict, or leave it out.", id="pgworkflows.E001")]
    wrong = {key: value for key, value in given.items() if key in _RULES and not _RULES[key][0](value)}
    found: list[CheckMessage] = [_unknown(key) for key in unknown_keys()]
    found += [_wrong(key, value) for key, value in wrong.items()]
    if not wrong.keys() & {"LEASE", "HEARTBEAT"}:
        found += _check_lease()
    if "EXECUTORS" not in wrong:
        for name, executor in given.get("EXECUTORS", {}).items():
            found += _check_path(f"['EXECUTORS'][{name!r}]", maker_and_bound(executor)[0])
    found += [error for key in ("ENTER", "DUE") if key not in wrong for error in _check_path(f"[{key!r}]", given.get(key))]
    return found


def _unknown(key: Any) -> Error:
    near = get_close_matches(str(key).upper(), KNOWN, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    hint = f"{meant}It knows {', '.join(sorted(KNOWN))}."
    return Error(f"{SETTING} has an unknown key {key!r}.", hint=hint, id="pgworkflows.E001")


def _wrong(key: str, value: Any) -> Error:
    return Error(f"{SETTING}[{key!r}] is {value!r}.", hint=f"Set it to {_RULES[key][1]}.", id="pgworkflows.E002")


def _check_lease() -> list[CheckMessage]:
    lease, heartbeat = conf().LEASE, conf().HEARTBEAT
    if lease >= _LEAST_BEATS * heartbeat:
        return []
    return [
        Error(
            f"{SETTING}['LEASE'] is {lease:g} s, which is less than {_LEAST_BEATS} times HEARTBEAT ({heartbeat:g} s): "
            "a living worker would be taken for dead.",
            hint="Make LEASE longer or HEARTBEAT shorter.",
            id="pgworkflows.E002",
        )
    ]


def _check_path(place: str, value: Any) -> list[CheckMessage]:
    if not isinstance(value, str):
        return []
    try:
        problem = "" if callable(import_string(value)) else "it is not callable"
    except Exception as error:  # whatever the project's module raises while it is imported
        problem = f"{type(error).__name__}: {error}"
    if not problem:
        return []
    return [
        Error(
            f"{SETTING}{place} is {value!r}, which cannot be used: {problem}.",
            hint="Name a callable by its dotted path, or leave it out.",
            id="pgworkflows.E003",
        )
    ]
