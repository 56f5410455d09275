"""One approval: its page, and what is posted from there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect

from ...exceptions import NotAllowed
from ...models import Approval
from ..faces import Face
from ..forms import DecisionForm
from ..page import ApprovalPage, behalves, visible_or_404
from ..verbs import REFUSALS, VERBS, ApprovalVerb, Problem, data_form, data_of, perform, problem_of
from .posting import back_to

INVALID = 422


def show(request: HttpRequest, face: Face, approval: int) -> HttpResponse:
    """Show one approval; nothing is posted here."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return _page(request, face, visible_or_404(request, approval), {}, None)


def act(request: HttpRequest, face: Face, approval: int, verb: str) -> HttpResponse:
    """Do one thing, and go back to the page; what is refused is shown there with all that was typed."""
    if request.method != "POST":
        return back_to(request, face.to("page", approval))
    found = visible_or_404(request, approval)
    posted = Posted(request, found, VERBS[verb])
    problem = posted.do(face.channel)
    if problem is None:
        messages.success(request, str(posted.verb.done), fail_silently=True)
        return HttpResponseRedirect(face.to("page", found.pk))
    return _page(request, face, visible_or_404(request, approval), posted.forms, problem)


def _page(request: HttpRequest, face: Face, approval: Approval, filled: dict[str, Any], problem: Problem | None) -> HttpResponse:
    page = ApprovalPage(approval=approval, request=request, face=face)
    status = problem.status if problem is not None else 200
    return face.render(request, "approval.html", page.context(filled, problem), status=status)


class Posted:
    """What was posted for one verb, and its forms, which keep what was typed."""

    def __init__(self, request: HttpRequest, approval: Approval, verb: ApprovalVerb) -> None:
        self.request, self.approval, self.verb = request, approval, verb
        self.forms: dict[str, Any] = {}
        self.gone: Problem | None = None
        if verb.form is DecisionForm:
            self._decision()
        else:
            self.forms[str(verb.name)] = verb.form(request.POST)

    def _decision(self) -> None:
        approving = self.verb.name == Approval.Verdict.APPROVE
        mine = behalves(self.approval, self.request.user)
        behalf = self.request.POST.get("on_behalf_of", "")
        if behalf not in [name for name, _label in mine]:  # the verb says why not, better than a choice field could
            mine.append((behalf, behalf))
        self.forms["decision"] = DecisionForm(self.request.POST, behalves=mine, needs_comment=not approving)
        try:
            self.forms["data"] = data_form(self.approval, self.request.POST)
        except NotAllowed as error:
            self.gone = problem_of(error)

    def do(self, channel: str) -> Problem | None:
        """Perform the verb; return what it was refused for, if it was."""
        if self.gone is not None:
            return self.gone
        form = self.forms.get("decision") or self.forms[str(self.verb.name)]
        if not self._is_complete(form):
            return Problem(status=INVALID, message="")
        try:
            perform(self.verb, self.approval, self.request.user, self._given(form), channel)
        except REFUSALS as error:
            return problem_of(error)
        return None

    def _is_complete(self, form: Any) -> bool:
        """Look at both forms, so that both say what is missing; who refuses need not fill in the approval's own."""
        data = self.forms.get("data")
        complete = bool(form.is_valid())
        if data is not None and self.verb.name == Approval.Verdict.APPROVE and not self._is_refused():
            complete = bool(data.is_valid()) and complete
        return complete

    def _is_refused(self) -> bool:
        """Whether the verb will say something that matters more than a form that is not filled in."""
        return self.approval.status != Approval.Status.PENDING or not behalves(self.approval, self.request.user)

    def _given(self, form: Any) -> dict[str, Any]:
        given = dict(form.cleaned_data)
        data = self.forms.get("data")
        if data is not None and (self.verb.name == Approval.Verdict.APPROVE or (data.has_changed() and data.is_valid())):
            given["data"] = data_of(data, self.request.POST)
        return given
