"""Out of office: giving a delegation, seeing one's own, ending one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _

from ...conf import conf
from ...exceptions import NotAllowed
from ...models import Delegation
from ...models.people import may
from ...store.actors import acting_as
from ...store.approvals import delegations
from ...store.connection import database_now
from ..faces import Face
from ..forms import DelegationForm
from .posting import back_to

MOST = 100


def show(request: HttpRequest, face: Face) -> HttpResponse:
    """List the viewer's own, given and got; a POST gives another one."""
    if request.method == "POST":
        return _give(request, face)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    return _page(request, face, DelegationForm())


def end(request: HttpRequest, face: Face, delegation: int) -> HttpResponse:
    """End one that the viewer gave."""
    if request.method != "POST":
        return back_to(request, face.to("delegations"))
    row = Delegation.objects.using(conf().DATABASE).of(request.user).filter(pk=delegation).first()
    if row is None:
        raise Http404(_("There is no such delegation among yours."))
    try:
        with acting_as(request.user, channel=face.channel):
            delegations.end(row, request.user)
    except NotAllowed as error:
        return _page(request, face, DelegationForm(), problem=str(error), status=403)
    messages.success(request, _("The delegation has ended."), fail_silently=True)
    return HttpResponseRedirect(face.to("delegations"))


def _give(request: HttpRequest, face: Face) -> HttpResponse:
    form = DelegationForm(request.POST)
    if not form.is_valid():
        return _page(request, face, form, status=422)
    given = form.cleaned_data
    try:
        with acting_as(request.user, channel=face.channel):
            delegations.delegate(
                request.user,
                given["user"],
                starts_at=given["starts_at"],
                ends_at=given["ends_at"],
                kinds=given.get("kinds"),
                reason=given["reason"],
            )
    except NotAllowed as error:
        form.add_error(None, str(error))
        return _page(request, face, form, status=422)
    told = _("%(name)s stands in for you.") % {"name": given["user"].get_username()}
    messages.success(request, told, fail_silently=True)
    return HttpResponseRedirect(face.to("delegations"))


def _page(request: HttpRequest, face: Face, form: DelegationForm, *, problem: str = "", status: int = 200) -> HttpResponse:
    user: Any = request.user
    rows = Delegation.objects.using(conf().DATABASE).select_related("delegator", "delegate").order_by("-ends_at", "-id")
    own, now = list(rows.of(user)[:MOST]), database_now()
    others = list(rows.current().exclude(pk__in=[row.pk for row in own])[:MOST]) if _sees_all(user) else []
    context = {
        "title": _("Delegations"),
        "here": "delegations",
        "form": form,
        "problem": problem,
        "given": [_row(face, row, now) for row in own if row.delegator_id == user.pk],
        "got": [_row(face, row, now) for row in own if row.delegate_id == user.pk],
        "others": [_row(face, row, now) for row in others],
    }
    return face.render(request, "delegations.html", context, status=status)


def _sees_all(user: Any) -> bool:
    return may(user, "view_delegation")


def _row(face: Face, row: Delegation, now: Any) -> dict[str, Any]:
    return {
        "delegation": row,
        "standing": _("ended") if row.ends_at <= now else _("in force") if row.starts_at <= now else _("not yet"),
        "in_force": row.starts_at <= now < row.ends_at,
        "end_url": face.to("end_delegation", row.pk) if row.ends_at > now else "",
    }
