"""The settings: one dict PGWORKFLOWS, its defaults, and reading it lazily."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

SETTING = "PGWORKFLOWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set, with the defaults. Durations are seconds; a timedelta is taken too."""

    #: The alias in DATABASES that holds the tables.
    DATABASE: str = "default"
    #: The most workflows that share one transaction.
    BATCH_SIZE: int = 50
    #: How much of its own CPU a batch may use before it begins no new step; three times as long by the clock.
    BATCH_SECONDS: float = 0.1
    #: Outside calls in flight in one process; ten times as many where they are `async def`. For executors their own bound.
    CONCURRENCY: int = 100
    #: After this long without a sign of life a worker's claims are taken over.
    LEASE: float = 30.0
    #: How often a worker gives a sign of life.
    HEARTBEAT: float = 0.5
    #: How often an idle worker looks without having been woken.
    POLL_INTERVAL: float = 1.0
    #: The largest argument set, result or payload, in bytes of JSON.
    MAX_PAYLOAD_BYTES: int = 1_000_000
    #: Executors for outside steps of `def`, by name: a callable that makes a concurrent.futures.Executor, or its dotted path,
    #: or a pair of that and its calls in flight from one worker (else CONCURRENCY). "default" is threads unless it is given.
    EXECUTORS: dict[str, Any] = field(default_factory=dict)
    #: A callable (workflow) -> context manager for whatever of a workflow runs, or its dotted path; None for none.
    ENTER: str | Callable[..., Any] | None = None
    #: Words of names whose values are hidden in whatever is shown.
    REDACT: tuple[str, ...] = ("password", "secret", "token", "api_key", "authorization", "card_number")
    #: How long a decision link is good for.
    LINK_MAX_AGE: float = 3 * 24 * 3600.0
    #: The sender of approval e-mails; None for DEFAULT_FROM_EMAIL.
    FROM_EMAIL: str | None = None
    #: The address that links in e-mails begin with.
    BASE_URL: str = ""
    #: A callable (start, timedelta) -> due datetime, or its dotted path; None for plain addition.
    DUE: str | Callable[..., Any] | None = None


KNOWN = frozenset(field.name for field in fields(Settings))


def unknown_keys() -> list[str]:
    """List the keys of PGWORKFLOWS that mean nothing."""
    return sorted(str(key) for key in given().keys() - KNOWN)


def given() -> dict[str, Any]:
    """Return PGWORKFLOWS as the project wrote it; what is no dict is left to the system check."""
    written = getattr(settings, SETTING, {})
    return written if isinstance(written, dict) else {}


@cache
def conf() -> Settings:
    """Read the settings; unknown keys are left to the system check."""
    values = {key: value for key, value in given().items() if key in KNOWN}
    seconds = {key: value.total_seconds() for key, value in values.items() if isinstance(value, timedelta)}
    if not isinstance(values.get("EXECUTORS", {}), dict):  # the system check says so
        del values["EXECUTORS"]
    return Settings(**values | seconds)


def maker_and_bound(given: Any) -> tuple[str | Callable[[], Any], int | None]:
    """Take an entry of EXECUTORS apart: what makes it, and how many calls may be in flight there."""
    if isinstance(given, list | tuple) and len(given) == 2:
        return given[0], given[1]
    return given, getattr(given, "bound", None)


def _reset(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        conf.cache_clear()


setting_changed.connect(_reset, dispatch_uid="pgworkflows.conf")
