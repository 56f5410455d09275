"""What people do to an approval by a POST: what is asked for it, the one verb that it calls, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ..exceptions import PGWorkflowsError, SubjectChanged
from ..models import Approval
from ..presentation.refusals import refusal_in_http
from ..store.actors import acting_as
from ..store.approvals.decisions import form_of
from ..store.approvals.verbs import locked
from ..values.people import Person
from .forms import CommentForm, DecisionForm, ReassignForm, ResubmitForm, WithdrawForm

#: What precedes the names of the fields that an approval brings along.
DATA = "data"

Verdict = Approval.Verdict


class PageIsStale(Exception):  # noqa: N818 - what was found
    """Something was done to the approval since the page was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal as it is told: the status of the answer, words, and for a changed subject what differs."""

    status: int
    message: str
    difference: dict[str, list[Any]] = field(default_factory=dict)
    stale: bool = False


def problem_of(error: PageIsStale | PGWorkflowsError | ValidationError) -> Problem:
    """Say what a refusal means over HTTP."""
    if isinstance(error, PageIsStale):
        told = _("This has changed since the page was made, so nothing was done. See below, and decide again.")
        return Problem(status=409, message=str(told), stale=True)
    if isinstance(error, SubjectChanged):
        told = _("What is to be approved has changed since it was shown, so nothing was decided. You can request changes.")
        return Problem(status=409, message=str(told), difference=error.difference)
    if isinstance(error, ValidationError):
        return Problem(status=422, message=" ".join(error.messages))
    return Problem(status=refusal_in_http(error)[0], message=str(error))


REFUSALS = (PageIsStale, PGWorkflowsError, ValidationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVerb:
    """One POST address; `perform` takes the approval, who, and what was filled in."""

    name: str
    form: type[forms.Form]
    done: Any
    perform: Callable[[Approval, Any, dict[str, Any]], None]


def _verdict(name: str) -> Callable[[Approval, Any, dict[str, Any]], None]:
    def perform(approval: Approval, by: Person, given: dict[str, Any]) -> None:
        decide = getattr(approval, name)
        behalf = given.get("on_behalf_of") or None
        decide(by, comment=given["comment"], data=given.get(DATA), on_behalf_of=behalf)

    return perform


VERDICTS = (
    ApprovalVerb(name=Verdict.APPROVE, form=DecisionForm, done=_("Your approval is recorded."), perform=_verdict("approve")),
    ApprovalVerb(name=Verdict.REJECT, form=DecisionForm, done=_("Your rejection is recorded."), perform=_verdict("reject")),
    ApprovalVerb(
        name=Verdict.REQUEST_CHANGES,
        form=DecisionForm,
        done=_("It is back with its requester."),
        perform=_verdict("request_changes"),
    ),
)
OTHERS = (
    ApprovalVerb(
        name="resubmit",
        form=ResubmitForm,
        done=_("It is submitted again."),
        perform=lambda approval, by, given: approval.resubmit(by, given["comment"]),
    ),
    ApprovalVerb(
        name="withdraw",
        form=WithdrawForm,
        done=_("The request is withdrawn."),
        perform=lambda approval, by, given: approval.withdraw(by, given["comment"]),
    ),
    ApprovalVerb(
        name="reassign",
        form=ReassignForm,
        done=_("Somebody else is asked now."),
        perform=lambda approval, by, given: approval.reassign(by, given["user"] or given["group"], given["comment"]),
    ),
    ApprovalVerb(
        name="comment",
        form=CommentForm,
        done=_("Your comment is there."),
        perform=lambda approval, by, given: approval.comment(by, given["comment"]),
    ),
)
VERBS = {str(verb.name): verb for verb in (*VERDICTS, *OTHERS)}


def perform(verb: ApprovalVerb, approval: Approval, by: Person, given: dict[str, Any], channel: str) -> None:
    """Do it, unless the page that it comes from is stale; raise one of REFUSALS."""
    with acting_as(by, channel=channel):
        if "revision" not in given:
            verb.perform(approval, by, given)
            return
        # Under the lock, so that nothing comes between the comparison and the deed.
        with locked(approval) as row:
            if row.status == Approval.Status.PENDING and row.revision != given["revision"]:
                raise PageIsStale
            verb.perform(row, by, given)


def data_form(approval: Approval, posted: QueryDict | None = None) -> Any:
    """Return the form that the approval brings along, filled in with what was posted; None where it has none."""
    if not approval.form:
        return None
    return form_of(approval)(posted, prefix=DATA)


def data_of(form: Any, posted: QueryDict) -> QueryDict:
    """Return what was posted for that form, under the form's own names."""
    data = QueryDict(mutable=True)
    for name in posted:
        if name.startswith(f"{DATA}-"):
            data.setlist(name.removeprefix(f"{DATA}-"), posted.getlist(name))
    return data
