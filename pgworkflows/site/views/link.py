"""What a link in an e-mail leads to: a page to confirm on, after login as the person to whom the e-mail went."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Approval
from ...store.approvals.decisions import refusal
from ...store.approvals.snapshots import NOTHING, find_subject, snapshot_of
from ...values.people import User, UserRow
from ..decision_links import BadLink, Link, read
from ..faces import Face
from ..page import ApprovalPage, behalves
from ..verbs import VERBS, Problem
from .approval import Posted

VERDICTS = tuple(str(verdict) for verdict in Approval.Verdict)


class DeadLink(Exception):  # noqa: N818 - what it is
    """A link that leads nowhere, any more or for this user."""

    def __init__(self, status: int, message: str, approval: Approval | None = None) -> None:
        self.status, self.message, self.approval = status, message, approval
        super().__init__(status, message)


def confirm(request: HttpRequest, face: Face, token: str) -> HttpResponse:
    """Show what is asked, and the verdicts as buttons; only the POST of one decides."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    try:
        link = _signed(token, request.user)
        approval = _open(request.user, link)
    except DeadLink as dead:
        return _dead(request, face, dead)
    if request.method == "POST":
        return _decide(request, face, link, approval)
    return _page(request, face, link, approval, {}, None)


def _signed(token: str, user: User) -> Link:
    """Return what the link says; raise DeadLink where nobody here signed it, for others, and when it has expired."""
    try:
        link = read(token)
    except BadLink:
        raise DeadLink(404, _("This link is not valid. Perhaps a part of it got lost on its way.")) from None
    if link.user != str(user.pk):
        told = _("This link was sent to somebody else. You are logged in as %(name)s.") % {"name": user.get_username()}
        raise DeadLink(403, told)
    return link


def _open(user: UserRow, link: Link) -> Approval:
    """Return the approval; raise DeadLink where the link is spent, or what it was about is not the same any more."""
    rows = Approval.objects.using(conf().DATABASE).select_related("policy", "stage", "workflow")
    approval = rows.filter(pk=link.approval).first()
    if approval is None:
        raise DeadLink(410, _("What this link was about is gone."))
    if approval.decisions.filter(user=user).exists():
        raise DeadLink(410, _("This link is spent: you have decided."), approval)
    if approval.status != Approval.Status.PENDING:
        told = _("This link is spent: the approval is %(status)s.") % {"status": approval.get_status_display()}
        raise DeadLink(410, told, approval)
    if link.has_expired:
        raise DeadLink(410, _("This link has expired."), approval)
    if not behalves(approval, user):
        why = refusal(approval, user)
        raise DeadLink(403, _("You cannot decide this any more: %(why)s.") % {"why": why}, approval)
    if approval.snapshot_hash != link.snapshot_hash or _has_changed(approval):
        raise DeadLink(409, _("What was to be approved has changed since this link was sent."), approval)
    return approval


def _has_changed(approval: Approval) -> bool:
    if not approval.snapshot_hash:
        return False
    subject = find_subject(approval.subject_label, approval.subject_id)
    return (snapshot_of(subject) if subject is not None else NOTHING).hash != approval.snapshot_hash


def _decide(request: HttpRequest, face: Face, link: Link, approval: Approval) -> HttpResponse:
    verdict = request.POST.get("verdict", "")
    if verdict not in VERDICTS:
        problem: Problem | None = Problem(status=422, message=_("Choose a verdict."))
        return _page(request, face, link, approval, {}, problem)
    posted = Posted(request, approval, VERBS[verdict])
    problem = posted.do("link")
    if problem is None:
        messages.success(request, str(posted.verb.done), fail_silently=True)
        return HttpResponseRedirect(face.to("page", approval.pk))
    approval.refresh_from_db()
    return _page(request, face, link, approval, posted.forms, problem)


def _page(
    request: HttpRequest, face: Face, link: Link, approval: Approval, filled: dict[str, Any], problem: Problem | None
) -> HttpResponse:
    context = ApprovalPage(approval=approval, request=request, face=face).context(filled, problem)
    context |= {"offered": link.verdict, "page_url": face.to("page", approval.pk)}
    return face.render(request, "link.html", context, status=problem.status if problem is not None else 200)


def _dead(request: HttpRequest, face: Face, dead: DeadLink) -> HttpResponse:
    """Say why; lead to the page only where this user may see it."""
    seen = dead.approval is not None and Approval.objects.using(conf().DATABASE).visible_to(request.user).filter(
        pk=dead.approval.pk
    )
    url = face.to("page", dead.approval.pk) if dead.approval is not None and seen and seen.exists() else ""
    context = {"title": _("This link does not lead anywhere"), "message": dead.message, "page_url": url}
    return face.render(request, "dead_link.html", context, status=dead.status)
