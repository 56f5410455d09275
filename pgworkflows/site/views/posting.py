"""Addresses that only take a POST, and what a login in between does to one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _

#: What the address of a login's return says where it interrupted a POST.
UNSENT = "unsent"


def tell_unsent(request: HttpRequest) -> None:
    """Say that nothing was done."""
    told = _("Nothing was done: you were not logged in any more, so what you had filled in was not taken. Please do it again.")
    messages.warning(request, told, fail_silently=True)


def back_to(request: HttpRequest, address: str) -> HttpResponse:
    """Answer what is no POST: who comes back from the login is told so, and led to where it can be done again."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["POST"])
    if UNSENT not in request.GET:
        tell_unsent(request)
    return HttpResponseRedirect(address)
