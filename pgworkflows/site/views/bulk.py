"""Deciding several at once: first what is about to be decided, then each by itself, with a result for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Approval
from ...presentation.summaries import summary_texts
from ...values.redaction import Redactor
from ..faces import Face
from ..forms import DecisionForm
from ..lists import PER_PAGE, with_progress
from ..showing import status_badge, subject_text
from ..verbs import REFUSALS, VERBS, ApprovalVerb, Problem, perform, problem_of
from .posting import back_to

OFFERED = (Approval.Verdict.APPROVE, Approval.Verdict.REJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One row that was ticked, as it was shown; `approval` is None where there is none that the viewer may see."""

    key: str
    revision: int
    approval: Any


def decide(request: HttpRequest, face: Face) -> HttpResponse:
    """Ask for confirmation; once that is given, decide each in a transaction of its own and say what came of it."""
    if request.method != "POST":
        return back_to(request, face.to("list"))
    verb = VERBS.get(request.POST.get("verdict", ""))
    keys = list(dict.fromkeys(request.POST.getlist("selected")))
    problem = _problem_with(verb, keys)
    if verb is None or problem is not None:
        return face.render(request, "bulk_refused.html", {"title": _("Nothing was decided"), "problem": problem}, status=422)
    selected = _selected(request, keys)
    confirmed = "confirmed" in request.POST
    needs_comment = verb.name != Approval.Verdict.APPROVE
    form = DecisionForm(
        {**request.POST.dict(), "revision": 0} if confirmed else None,
        behalves=[],
        needs_comment=needs_comment,
        initial={"revision": 0},
    )
    if not confirmed or not form.is_valid():
        return _confirm(request, face, verb, selected, form, status=422 if confirmed else 200)
    problems = [_decided(request, face, verb, one, form.cleaned_data["comment"]) for one in selected]
    # As they stand now, and not as they were ticked.
    results = [{**_row(face, one), "problem": problem} for one, problem in zip(_selected(request, keys), problems, strict=True)]
    done = sum(1 for result in results if result["problem"] is None)
    context = {"title": _("What came of it"), "results": results, "done": done, "back": face.to("list")}
    return face.render(request, "bulk_results.html", context)


def _problem_with(verb: ApprovalVerb | None, keys: list[str]) -> str | None:
    if verb is None or verb.name not in OFFERED:
        return _("Several approvals can be approved or rejected at once, nothing else.")
    if not keys:
        return _("Nothing is selected.")
    if len(keys) > PER_PAGE:
        return _("Select %(most)d at most.") % {"most": PER_PAGE}
    return None


def _selected(request: HttpRequest, keys: list[str]) -> list[Selected]:
    parsed = [(key, _number(key.partition(":")[0]), _number(key.partition(":")[2])) for key in keys]
    rows = Approval.objects.using(conf().DATABASE).visible_to(request.user)
    found = {row.pk: row for row in with_progress(rows.filter(pk__in=[identity for _key, identity, _revision in parsed]))}
    return [Selected(key=key, revision=revision, approval=found.get(identity)) for key, identity, revision in parsed]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _confirm(
    request: HttpRequest, face: Face, verb: ApprovalVerb, selected: list[Selected], form: DecisionForm, *, status: int
) -> HttpResponse:
    approving = verb.name == Approval.Verdict.APPROVE
    context = {
        "title": _("Approve these?") if approving else _("Reject these?"),
        "verb": verb,
        "approving": approving,
        "rows": [_row(face, one) for one in selected],
        "form": form,
        "bulk_url": face.to("bulk"),
        "back": face.to("list"),
    }
    return face.render(request, "bulk_confirm.html", context, status=status)


def _row(face: Face, one: Selected) -> dict[str, Any]:
    if one.approval is None:
        return {"key": one.key, "title": one.key.partition(":")[0], "url": ""}
    redactor = Redactor.of_approval(one.approval)
    return {
        "key": one.key,
        "title": redactor.text(one.approval.title),
        "url": face.to("page", one.approval.pk),
        "approval": one.approval,
        "subject": redactor.text(subject_text(one.approval)),
        "summary": summary_texts(one.approval, redactor),
        "status": status_badge(one.approval),
    }


def _decided(request: HttpRequest, face: Face, verb: ApprovalVerb, one: Selected, comment: str) -> Problem | None:
    if one.approval is None:
        return Problem(status=404, message=_("There is no such approval among those that you may see."))
    if one.approval.form and verb.name == Approval.Verdict.APPROVE:
        return Problem(status=422, message=_("It has a form to fill in: open it and decide there."))
    try:
        perform(verb, one.approval, request.user, {"revision": one.revision, "comment": comment}, face.channel)
    except REFUSALS as error:
        return problem_of(error)
    return None
