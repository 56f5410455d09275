"""The page of one approval: what is asked, on which facts, how it came here, and what this viewer can do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from ..conf import conf
from ..exceptions import NotAllowed, NotStorable
from ..models import Approval, ApprovalAction, ApprovalPolicy, Decision, Workflow
from ..models.people import may
from ..presentation.channels import channel_name
from ..presentation.links import row_in_admin
from ..presentation.requester import asked_by
from ..presentation.summaries import summary_texts
from ..store.approvals.decisions import principals, refusal, who_may_decide
from ..store.approvals.snapshots import difference, find_subject, snapshot_of
from ..store.approvals.verbs import speaks_for_requester
from ..store.connection import database_now
from ..values.people import User
from ..values.plain import plain
from ..values.readable import fields_of
from ..values.redaction import Redactor
from .faces import Face
from .forms import CommentForm, DecisionForm, ReassignForm, ResubmitForm, WithdrawForm
from .showing import NOTHING, Shown, due_badge, shown, status_badge, subject_of
from .verbs import Problem, data_form

#: More are counted, not named.
MOST_NAMES = 20


def visible_or_404(request: HttpRequest, key: int) -> Approval:
    """Return an approval that the viewer may see; for all others there is no such page."""
    rows = Approval.objects.using(conf().DATABASE).visible_to(request.user)
    found = rows.select_related("policy", "stage", "workflow").filter(pk=key).first()
    if found is None:
        raise Http404(_("There is no such approval among those that you may see."))
    return found


def behalves(approval: Approval, user: User) -> list[tuple[str, Any]]:
    """Return for whom this user can decide just now, as choices: "" for themselves."""
    found: list[tuple[str, Any]] = []
    if approval.status != Approval.Status.PENDING:
        return found
    if not refusal(approval, user) and Approval.objects.filter(pk=approval.pk).naming(user).exists():
        found.append(("", _("for myself")))
    found += [
        (name, _("on behalf of %(name)s") % {"name": name})
        for name in principals(approval, user)
        if not refusal(approval, user, name)
    ]
    return found


@dataclass(slots=True, kw_only=True)
class Forms:
    """What can be filled in; what was posted and refused stays in its form."""

    decision: forms.Form | None = None
    data: forms.Form | None = None
    comment: forms.Form | None = None
    resubmit: forms.Form | None = None
    withdraw: forms.Form | None = None
    reassign: forms.Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    """What one viewer sees of one approval."""

    approval: Approval
    request: HttpRequest
    face: Face
    now: datetime = field(default_factory=database_now)

    def context(self, filled: dict[str, Any], problem: Problem | None) -> dict[str, Any]:
        """Return everything that the template shows; `filled` holds the forms as they were posted, by name."""
        approval, redactor = self.approval, Redactor.of_approval(self.approval)
        named = who_may_decide(approval, MOST_NAMES + 1) if approval.status == Approval.Status.PENDING else []
        rounds = list(self._rounds(redactor))
        mine = behalves(approval, self.request.user)
        return {
            "title": redactor.text(approval.title),
            "approval": redactor.row(approval, "title", "description"),
            "asked_by": asked_by(approval),
            "status": status_badge(approval),
            "due": due_badge(approval, self.now),
            "agreed": sum(1 for decision in approval.decisions.all() if decision.verdict == Approval.Verdict.APPROVE),
            "subject": subject_of(approval, self.request, self.face),
            "summary": summary_texts(approval, redactor),
            "workflow_url": self._in_admin(Workflow, approval.workflow_id),
            "policy_url": self._in_admin(ApprovalPolicy, approval.policy_id) if approval.policy_id else "",
            "attributes": shown(plain(approval.attributes), redactor),
            "snapshot": shown(approval.shown, redactor),
            "changes": self._changes(problem, redactor),
            "named": named[:MOST_NAMES],
            "more_named": len(named) > MOST_NAMES,
            "rounds": rounds,
            "newest": self._newest(rounds),
            "since": self._since(filled, rounds) if problem is not None and problem.stale else [],
            "problem": problem,
            "cannot": "" if mine else self._why_not(),
            "forms": self._forms(filled, mine),
            "urls": {name: self.face.to(name, approval.pk) for name in URLS},
            "here": "",
        }

    def _rounds(self, redactor: Redactor) -> Any:
        """Return every stage of every round with what was decided and said there, oldest first."""
        rows: QuerySet[Any] = self.approval.same_request.select_related("stage").defer("snapshot")
        for row in rows.prefetch_related("decisions", "actions"):
            entries = [_told(said, redactor) for said in (*row.decisions.all(), *row.actions.all())]
            yield {
                "approval": row,
                "status": status_badge(row),
                "url": "" if row.pk == self.approval.pk else self.face.to("page", row.pk),
                "entries": sorted(entries, key=lambda entry: entry["at"]),
            }

    def _newest(self, rounds: list[dict[str, Any]]) -> dict[str, Any] | None:
        return rounds[-1] if rounds and rounds[-1]["approval"].pk != self.approval.pk else None

    def _since(self, filled: dict[str, Any], rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what was done since the page was made: each deed raised the revision by one."""
        seen = next((form["revision"].value() for form in filled.values() if form and "revision" in form.fields), None)
        here = next(row for row in rounds if row["approval"].pk == self.approval.pk)
        missed = self.approval.revision - int(seen or 0)
        return here["entries"][-missed:] if missed > 0 else []

    def _why_not(self) -> str:
        return "" if self.approval.status != Approval.Status.PENDING else refusal(self.approval, self.request.user)

    def _changes(self, problem: Problem | None, redactor: Redactor) -> list[tuple[str, Shown, Shown]]:
        """Return what is different now from what is to be approved, hidden keys hidden."""
        found = problem.difference if problem is not None and problem.difference else self._difference()
        return [(name.replace("_", " "), *(_redacted(name, value, redactor) for value in pair)) for name, pair in found.items()]  # type: ignore[misc] # a pair

    def _difference(self) -> dict[str, list[Any]]:
        approval = self.approval
        if approval.status != Approval.Status.PENDING or not approval.snapshot_hash:
            return {}
        subject = find_subject(approval.subject_label, approval.subject_id)
        if subject is None:
            return {_("there"): [True, False]}
        try:
            current = snapshot_of(subject)
        except NotStorable:
            return {}
        return difference(fields_of(approval.shown), current.data) if current.hash != approval.snapshot_hash else {}

    def _in_admin(self, model: type[Model], key: Any) -> str:
        return row_in_admin(model, key, self.request, self.face.admin)

    def _forms(self, filled: dict[str, Any], mine: list[tuple[str, Any]]) -> Forms:
        """Return the forms of what this viewer can do now; a form that was posted is shown again whatever it can do."""
        approval, user = self.approval, self.request.user
        initial = {"revision": approval.revision}
        found = Forms(comment=CommentForm())
        if mine:
            found.decision = DecisionForm(initial=initial, behalves=mine)
            try:
                found.data = data_form(approval)
            except NotAllowed:
                found.data = None
        if speaks_for_requester(approval, user) and approval.resubmitted_at is None:
            if approval.status in (Approval.Status.PENDING, Approval.Status.CHANGES_REQUESTED):
                found.withdraw = WithdrawForm(initial=initial)
            if approval.status == Approval.Status.CHANGES_REQUESTED:
                found.resubmit = ResubmitForm(initial=initial)
        if approval.status == Approval.Status.PENDING and may_reassign(approval, user):
            found.reassign = ReassignForm(initial=initial)
        for name, form in filled.items():
            setattr(found, name, fresh(form, approval))
        return found


URLS = ("approve", "reject", "request_changes", "resubmit", "withdraw", "reassign", "comment")


def may_reassign(approval: Approval, user: User) -> bool:
    """Whether this user can have somebody else asked."""
    return may(user, "reassign_approval") or approval.users.filter(pk=user.pk).exists()


def fresh(form: Any, approval: Approval) -> Any:
    """Return a posted form with the revision that its page shows now, so that it can be sent again."""
    if form is not None and "revision" in form.fields:
        form.data = form.data.copy()
        form.data[form.add_prefix("revision")] = approval.revision
    return form


def _redacted(name: str, value: Any, redactor: Redactor) -> Shown:
    return next((item for _name, item in shown({name: value}, redactor).items), NOTHING)


def _told(row: Decision | ApprovalAction, redactor: Redactor) -> dict[str, Any]:
    """Return a decision or an action as the timeline tells it."""
    if isinstance(row, Decision):
        tones = {Approval.Verdict.APPROVE: "good", Approval.Verdict.REJECT: "bad"}
        what = {
            Approval.Verdict.APPROVE: _("approved"),
            Approval.Verdict.REJECT: _("rejected"),
            Approval.Verdict.REQUEST_CHANGES: _("requested changes"),
        }
        return {
            "at": row.at, "who": row.username, "behalf": row.on_behalf_of_name, "what": what[Approval.Verdict(row.verdict)],
            "tone": tones.get(Approval.Verdict(row.verdict), "odd"), "text": redactor.text(row.comment),
            "data": shown(plain(row.data), redactor),
            "channel": channel_name(row.channel),
        }  # fmt: skip
    return {
        "at": row.at, "who": row.username or _("the worker"), "behalf": "", "what": row.get_verb_display(),
        "tone": "busy", "text": redactor.text(row.note), "data": NOTHING, "channel": channel_name(row.channel),
    }  # fmt: skip
