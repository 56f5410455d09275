"""All that is known of one workflow, gathered for its page: a fixed number of queries, each of them bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Approval, History, Workflow
from ...models.functions import BY_POSITION
from ...models.waits import Wait
from ...presentation.requester import asked_by
from ...presentation.waits import since, waits_of
from ...site.page import MOST_NAMES
from ...store.approvals.decisions import who_may_decide
from ...store.connection import database_now
from ...store.live_workers import LiveWorkers
from ...values.encoding import TAGGED
from ...values.readable import fields_of
from ...values.redaction import Redactor
from ..showing import EMPTY, Links, badge, length, linked, moment, shown_error, shown_json
from .graph import draw
from .timeline import Timeline, tasks_of

PER_PAGE = 100
#: Approvals, children, and events that no wait has taken.
MOST = 50


@dataclass(slots=True)
class WorkflowPage:
    """One workflow as one viewer may see it."""

    workflow: Workflow
    request: HttpRequest
    links: Links
    now: datetime

    @classmethod
    def of(cls, workflow: Workflow, request: HttpRequest, links: Links) -> WorkflowPage:
        """Begin at the database's time."""
        return cls(workflow, request, links, database_now())

    def context(self) -> dict[str, Any]:
        """Return what the template shows."""
        workflow, tasks = self.workflow, self._page(tasks_of(self.workflow), "tasks")
        approvals = self._approvals()
        timeline = Timeline(workflow, list(tasks), approvals, self.now, self.links)
        entries, redactor = timeline.entries(), timeline.redactor
        history = self._page(self._history(), "history")
        return {
            "status_badge": badge(workflow.status, workflow.get_status_display()),
            "state": redactor.text(workflow.state),
            "standing": self._standing(redactor, approvals),
            "nobody_takes_it": not (workflow.is_finished or LiveWorkers.now().takes(workflow)),
            "cancel_requested": self._cancel_requested(redactor),
            "facts": self._facts(redactor),
            "inputs": shown_json(workflow.kwargs, redactor, tagged=workflow.format == TAGGED),
            "result": shown_json(workflow.result, redactor),
            "error": shown_error(workflow.error, redactor),
            "attributes": shown_json(workflow.attributes or None, redactor),
            "tasks": tasks,
            "task_pages": tasks.paginator.get_elided_page_range(tasks.number),
            "entries": entries,
            "graph": draw(workflow, entries, **_beyond(tasks)),
            "approvals": [self._approval(approval, redactor) for approval in approvals],
            "children": [self._child(child) for child in workflow.children.order_by("-pk")[:MOST]],
            "events": [self._event(event, redactor) for event in workflow.events.untaken().order_by("-pk")[:MOST]],
            "requests": [self._request(request, redactor) for request in workflow.requests.order_by("-pk")[:MOST]],
            "history": history,
            "history_pages": history.paginator.get_elided_page_range(history.number),
            "history_rows": [self._row(row, redactor) for row in sorted(history, key=lambda row: (row.at, row.pk))],
            "most": MOST,
        }

    def _page(self, rows: Any, parameter: str) -> Page[Any]:
        """Return the page that the address asks for, the last by default; what is no page leads to one."""
        paginator = Paginator(rows, PER_PAGE)
        return paginator.get_page(self.request.GET.get(parameter, str(paginator.num_pages)))

    def _approvals(self) -> list[Approval]:
        visible = Approval.objects.using(conf().DATABASE).visible_to(self.request.user)
        return list(visible.filter(workflow=self.workflow.pk).order_by(BY_POSITION)[: PER_PAGE * 2])

    def _history(self) -> Any:
        """Find its history; what was decided and said about approvals only for those who may see all of them."""
        rows = History.objects.using(conf().DATABASE).of_workflow(self.workflow.pk)
        return rows if self.request.user.has_perm("pgworkflows.view_approval") else rows.filter(approval=None)

    def _standing(self, redactor: Redactor, approvals: list[Approval]) -> SafeString | str:
        """Say what it waits for, and since when."""
        workflow, status = self.workflow, self.workflow.status
        if workflow.is_finished:
            return format_html(_("ended {}"), moment(workflow.finished_at))
        if status == Workflow.Status.BLOCKED:
            return _("stopped until a person has looked: see the error below")
        if workflow.available_at is not None and workflow.available_at <= self.now:
            return format_html(
                _("in line for a worker since {}, {}"), moment(workflow.available_at), self._since(workflow.available_at)
            )
        return format_html_join("; ", "{}", ((self._waits(wait, redactor, approvals),) for wait in waits_of(workflow)))

    def _waits(self, wait: Wait, redactor: Redactor, approvals: list[Approval]) -> SafeString | str:
        """Say one thing that it waits for, who can bring it, and since when."""
        what = self.links.told(wait, redactor.text)
        asked = [approval for approval in approvals if approval.pk == wait.get("approval")]
        if asked and asked[0].status == Approval.Status.PENDING:
            names = ", ".join(who_may_decide(asked[0], MOST_NAMES)) or _("nobody")
            what = format_html(_("{} ({} can decide)"), what, names)
        begun = since(wait)
        if begun is None:
            return format_html(_("waits for {}"), what)
        return format_html(_("waits for {}, since {}, {}"), what, moment(begun), self._since(begun))

    def _since(self, since: datetime) -> str:
        return _("for %(length)s") % {"length": length(self.now - since)}

    def _cancel_requested(self, redactor: Redactor) -> str:
        request = fields_of(self.workflow.cancel_request)
        if self.workflow.is_finished or self.workflow.cancel_requested_at is None or not request:
            return ""
        said = {"who": request.get("by") or EMPTY, "reason": redactor.text(str(request.get("reason") or EMPTY))}
        return _("%(who)s asked to cancel it: %(reason)s. A worker does that next.") % said

    def _facts(self, redactor: Redactor) -> list[tuple[str, Any]]:
        workflow, links = self.workflow, self.links
        facts: list[tuple[str, Any]] = [
            (_("Id"), workflow.pk),
            (_("Key"), workflow.key),
            (_("Definition"), f"{workflow.name} v{workflow.version}"),
            (_("Queue"), workflow.queue),
            (_("Priority"), workflow.priority or ""),
            (_("Subject"), subject_link(workflow, links)),
            (_("Requested by"), workflow.requested_by_name),
            (_("Parent"), workflow.parent_id and linked(links.to_row(Workflow, workflow.parent_id), workflow.parent_id)),
            (_("Created"), moment(workflow.created_at)),
            (_("Started"), workflow.started_at and moment(workflow.started_at)),
            (_("Ended"), workflow.finished_at and moment(workflow.finished_at)),
            (_("Took"), workflow.finished_at and length(workflow.finished_at - workflow.created_at)),
            (_("Next look"), workflow.available_at and moment(workflow.available_at)),
            (_("Time limit"), workflow.deadline and moment(workflow.deadline)),
            (_("Held by worker"), workflow.owner and workflow.owner.name),
            (_("Workers that died with it"), workflow.crashes or ""),
        ]
        return [(name, value) for name, value in facts if value not in (None, "")]

    def _approval(self, approval: Approval, redactor: Redactor) -> dict[str, Any]:
        return {
            "title": linked(self.links.to_row(Approval, approval.pk), redactor.text(approval.title)),
            "status": badge(approval.status, approval.get_status_display()),
            "requested": moment(approval.created_at),
            "asked_by": asked_by(approval),
            "due": moment(approval.due_at),
            "decided": moment(approval.decided_at),
        }

    def _child(self, child: Workflow) -> dict[str, Any]:
        return {
            "name": linked(self.links.to_row(Workflow, child.pk), title_of(child)),
            "status": badge(child.status, child.get_status_display()),
            "state": Redactor.of_workflow(child).text(child.state),
            "created": moment(child.created_at),
        }

    def _event(self, event: Any, redactor: Redactor) -> dict[str, Any]:
        return {
            "name": redactor.text(event.name),
            "sent": moment(event.sent_at),
            "by": event.sent_by or EMPTY,
            "payload": shown_json(event.payload, redactor),
        }

    def _request(self, request: Any, redactor: Redactor) -> dict[str, Any]:
        return {
            "name": redactor.text(request.name),
            "asked": moment(request.asked_at),
            "by": request.asked_by or EMPTY,
            "payload": shown_json(request.payload, redactor),
            "answered": moment(request.answered_at),
            "answer": shown_json(request.answer, redactor),
            "refusal": redactor.text(request.refusal or ""),
        }

    def _row(self, row: History, redactor: Redactor) -> dict[str, Any]:
        return {
            "at": moment(row.at),
            "event": row.get_event_display(),
            "change": change_of(row),
            "state": redactor.text(row.state),
            "attempt": row.attempt,
            "actor": row.actor or EMPTY,
            "session_user": row.session_user,
            "channel": row.channel,
            "note": redactor.text(row.note),
        }


def _beyond(page: Page[Any]) -> dict[str, int]:
    """Count the tasks on the pages before and after this one."""
    count = page.paginator.count
    return {"before": max(0, page.start_index() - 1), "after": count - page.end_index()}


def title_of(workflow: Workflow) -> str:
    """Return what tells a workflow from others of its name: its key, else its id, of which many begin alike."""
    return f"{workflow.name} {workflow.key or workflow.pk}"


def subject_link(workflow: Workflow, links: Links) -> SafeString | str:
    """Return the business row as a link where the viewer may see it; the row itself is not read."""
    text = Redactor.of_workflow(workflow).text(workflow.subject_shown)
    try:
        return linked(links.to_row(apps.get_model(workflow.subject_label), workflow.subject_id), text)
    except (LookupError, ValueError):
        return text


def change_of(row: History) -> str:
    """Return the change of status as text."""
    if row.from_status == row.to_status:
        return row.to_status
    return f"{row.from_status} → {row.to_status}" if row.from_status else row.to_status
