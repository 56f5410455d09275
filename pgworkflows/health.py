"""`path("health/", include("pgworkflows.health"))`: whether this process lives, and whether it can do its work.

`live/` touches nothing. `ready/` asks the database. Both answer GET and HEAD from anybody, with a status and no data:
200, or 503 from `ready/` while the database does not answer or has not been migrated.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .store import health

View = Callable[[HttpRequest], HttpResponse]


def _open_to_anybody(view: View) -> View:
    """Ask for no login, and with ATOMIC_REQUESTS for no transaction, which could not begin without the database."""
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return login_not_required(never_cache(require_safe(view)))


@_open_to_anybody
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@_open_to_anybody
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and has our tables."""
    try:
        health.require_tables()
    except DatabaseError:
        return HttpResponse("not ready\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain")


app_name = "pgworkflows_health"
urlpatterns = [path("live/", live, name="live"), path("ready/", ready, name="ready")]
