"""The addresses: `path("approvals/", include("pgworkflows.site.urls"))`. All of them need a login."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from ..presentation.links import login_address
from .faces import SITE, Face
from .page import URLS
from .views import approval, bulk, delegations, link, lists, posting


def pages_of(face: Face, wrap: Callable[[Any], Any], prefix: str = "") -> list[URLPattern]:
    """Return the addresses that the site and the admin have alike."""

    def at(address: str, view: Any, name: str, **given: Any) -> Any:
        return path(address, wrap(partial(view, face=face, **given)), name=prefix + name)

    return [
        at("requests/", lists.requested, "requests"),
        at("decided/", lists.decided, "decided"),
        at("all/", lists.visible, "all"),
        at("bulk/", bulk.decide, "bulk"),
        at("delegations/<int:delegation>/end/", delegations.end, "end_delegation"),
        *(at(f"<int:approval>/{verb.replace('_', '-')}/", approval.act, verb, verb=verb) for verb in URLS),
    ]


def for_people(view: Any) -> Any:
    """Wrap a view of the site: after login, and not kept by anybody on the way."""

    def answer(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        login = login_address()
        if not (login or request.user.is_authenticated):
            return render(request, "pgworkflows/no_login.html", status=403)
        if not request.user.is_authenticated and request.method == "POST":
            return redirect_to_login(f"{request.path}?{posting.UNSENT}=1", login or None)
        if request.user.is_authenticated and posting.UNSENT in request.GET:
            posting.tell_unsent(request)
        return login_required(view, login_url=login or None)(request, *arguments, **named)

    return never_cache(wraps(view)(answer))


app_name = "pgworkflows_site"

urlpatterns = [
    path("", for_people(partial(lists.to_decide, face=SITE)), name="list"),
    path("delegations/", for_people(partial(delegations.show, face=SITE)), name="delegations"),
    path("link/<str:token>/", for_people(partial(link.confirm, face=SITE)), name="link"),
    path("<int:approval>/", for_people(partial(approval.show, face=SITE)), name="page"),
    *pages_of(SITE, for_people),
]
