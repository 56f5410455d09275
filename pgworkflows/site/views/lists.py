"""The lists: what waits for the viewer, what they asked for, what they decided, what they may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Approval
from ...presentation.summaries import summary_texts
from ...store.connection import database_now
from ...values.redaction import Redactor
from .. import lists
from ..faces import Face
from ..lists import NEWEST, SOONEST, Filters
from ..showing import due_badge, status_badge, subject_text

READING = ["GET", "HEAD"]


def to_decide(request: HttpRequest, face: Face) -> HttpResponse:
    """List what waits for the viewer, the soonest due first; it can be decided in bulk from here."""
    filters = Filters(request.GET or {}, without="status")
    branches = lists.to_decide(request.user, _chosen(filters, "whose"))
    extra = {"waiting": lists.waiting_for(request.user), "bulk_url": face.to("bulk")}
    return _listed(request, face, "todo", _("To decide"), filters, branches, SOONEST, extra)


def requested(request: HttpRequest, face: Face) -> HttpResponse:
    """List what the viewer asked for, with what was sent back to be changed on top."""
    filters = Filters(request.GET or {}, without="whose")
    sent_back = Approval.objects.using(conf().DATABASE).requested_by(request.user).to_be_changed().order_by("-id")
    extra = {"sent_back": _rows(face, list(lists.with_progress(sent_back)[: lists.PER_PAGE]))}
    return _listed(request, face, "requests", _("My requests"), filters, lists.requested(request.user), NEWEST, extra)


def decided(request: HttpRequest, face: Face) -> HttpResponse:
    """List what the viewer has decided."""
    filters = Filters(request.GET or {}, without="whose")
    return _listed(request, face, "decided", _("Decided by me"), filters, lists.decided(request.user), NEWEST, {})


def visible(request: HttpRequest, face: Face) -> HttpResponse:
    """List what the viewer may see: with `view_approval` everything."""
    filters = Filters(request.GET or {}, without="whose")
    return _listed(request, face, "all", _("All that I may see"), filters, lists.visible(request.user), NEWEST, {})


def _chosen(filters: Filters, name: str) -> str:
    return str(filters.cleaned_data.get(name, "")) if filters.is_valid() else ""


def _listed(
    request: HttpRequest,
    face: Face,
    here: str,
    title: str,
    filters: Filters,
    branches: lists.Branches,
    order: tuple[str, ...],
    extra: dict[str, Any],
) -> HttpResponse:
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    page = lists.page_of(filters.narrow(branches), order, _number(request))
    context = {
        "title": title,
        "here": here,
        "filters": filters,
        "filtered": any(request.GET.get(name) for name in filters.fields),
        "rows": _rows(face, page.approvals),
        "page": page,
        "earlier": _address(request, page.number - 1) if page.number > 1 else "",
        "later": _address(request, page.number + 1) if page.there_are_more else "",
        **extra,
    }
    return face.render(request, "list.html", context)


def _number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def _address(request: HttpRequest, number: int) -> str:
    parameters = request.GET.copy()
    parameters["page"] = str(number)
    return f"?{parameters.urlencode()}"


def _rows(face: Face, approvals: list[Any]) -> list[dict[str, Any]]:
    """Return approvals as the table shows them."""
    now = database_now()
    shown = ((approval, Redactor.of_approval(approval)) for approval in approvals)
    return [
        {
            "approval": redactor.row(approval, "title"),
            "url": face.to("page", approval.pk),
            "status": status_badge(approval),
            "due": due_badge(approval, now),
            "subject": redactor.text(subject_text(approval)),
            "summary": summary_texts(approval, redactor),
            "key": f"{approval.pk}:{approval.revision}",
        }
        for approval, redactor in shown
    ]
