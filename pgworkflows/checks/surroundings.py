"""Checks of Django's own settings, as far as they change what a project gets from us."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.core import checks
from django.urls import NoReverseMatch, reverse

from ..presentation.links import login_address


def check_surroundings() -> list[checks.CheckMessage]:
    """Report clocks that are put back, and approval pages that nobody can log in to."""
    return [*_check_clock(), *_check_login()]


def _check_clock() -> list[checks.CheckMessage]:
    if settings.USE_TZ:
        return []
    zone, year = zoneinfo.ZoneInfo(settings.TIME_ZONE), datetime.now().year
    if len({datetime(year, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}) == 1:
        return []
    return [
        checks.Warning(
            f"USE_TZ is False and TIME_ZONE {settings.TIME_ZONE!r} puts its clocks back once a year: a wait that falls into "
            "the hour that comes twice can end an hour late.",
            hint="Set USE_TZ = True, or a TIME_ZONE such as 'UTC'.",
            id="pgworkflows.W006",
        )
    ]


def _check_login() -> list[checks.CheckMessage]:
    """Look where the approval pages send who is not logged in."""
    if not hasattr(settings, "ROOT_URLCONF"):  # a project without pages
        return []
    try:
        reverse("pgworkflows_site:list")
    except NoReverseMatch:
        return []
    if login_address():
        return []
    return [
        checks.Warning(
            f"The approval pages ask for a login, and LOGIN_URL ({settings.LOGIN_URL!r}) leads nowhere.",
            hint='Set LOGIN_URL, or add path("accounts/", include("django.contrib.auth.urls")) and a template for its form.',
            id="pgworkflows.W007",
        )
    ]
