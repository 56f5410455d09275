"""A workflow's tasks in order: how long each took, what it waited for, and each of its attempts."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Func, IntegerField, QuerySet, When
from django.db.models.lookups import LessThanOrEqual
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ...conf import conf
from ...models import Approval, History, Task, Workflow
from ...models.functions import BY_POSITION
from ...models.waits import WaitKind, wait_for
from ...presentation.waits import waits_of
from ...values.position import Position
from ...values.redaction import Redactor
from ..showing import Links, ShownError, badge, length, linked, moment, shown_error, shown_json

#: Bytes as stored, compressed; what is larger is not even read.
LARGEST = 50_000
MOST_ATTEMPTS = 500
JSON_COLUMNS = ("payload", "result", "error")
ATTEMPTS = (History.Event.ATTEMPT, History.Event.ATTEMPT_FAILED, History.Event.TASK_FAIL, History.Event.TASK_RETRY)


#: What happened, when, and which attempt it was.
Tried = tuple[Any, SafeString | str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One task as it is shown; texts are without secrets."""

    position: Position
    kind: str
    kind_name: Any
    name: str
    status: str
    status_name: Any
    started: str | SafeString
    took: str
    waits_for: str | SafeString
    attempt: int
    attempts: list[Tried]
    arguments: str
    result: str
    error: ShownError | None
    too_large: bool
    #: The position of the step that this one undoes.
    undoes: Position | None

    @property
    def status_badge(self) -> SafeString:
        """The status as a coloured word."""
        return badge(self.status, self.status_name)


def tasks_of(workflow: Workflow) -> QuerySet[Task]:
    """Find a workflow's tasks in order, without values so large that a page should not read them."""
    sizes = {f"{column}_size": Func(F(column), function="pg_column_size", output_field=IntegerField()) for column in JSON_COLUMNS}
    shown = {
        f"shown_{column}": Case(When(LessThanOrEqual(F(f"{column}_size"), LARGEST), then=F(column))) for column in JSON_COLUMNS
    }
    undone = {f"undone_{column}": F(f"compensates__{column}") for column in ("branch", "seq", "name")}
    return workflow.tasks.order_by(BY_POSITION).defer(*JSON_COLUMNS).annotate(**sizes).annotate(**shown, **undone)


class Timeline:
    """What a page of tasks refers to, read with one query each."""

    def __init__(self, workflow: Workflow, tasks: list[Any], approvals: list[Approval], now: datetime, links: Links) -> None:
        self.workflow, self.tasks, self.now, self.links = workflow, tasks, now, links
        self.approvals = {(approval.branch, approval.seq): approval for approval in approvals}
        self.children = self._children()
        self.attempts = self._attempts()
        values = [value for task in tasks for value in (task.shown_payload, task.shown_result)]
        self.redactor = Redactor.of(workflow.kwargs, workflow.attributes, workflow.result, *values)

    def _children(self) -> dict[uuid.UUID, Workflow]:
        wanted = [task.child_id for task in self.tasks if task.child_id is not None]
        return Workflow.objects.using(conf().DATABASE).in_bulk(wanted) if wanted else {}

    def _attempts(self) -> dict[int | None, list[Tried]]:
        tried = [task.pk for task in self.tasks if task.attempt > 1 or task.status == Task.Status.FAILED]
        found: dict[int | None, list[Tried]] = defaultdict(list)
        if tried:
            rows = History.objects.using(conf().DATABASE).of_workflow(self.workflow.pk)
            for row in rows.filter(task__in=tried, event__in=ATTEMPTS)[:MOST_ATTEMPTS]:
                found[row.task].append((row.get_event_display(), moment(row.at), row.attempt))
        return found

    def entries(self) -> list[Entry]:
        """Return the tasks as they are shown."""
        return [self._entry(task) for task in self.tasks]

    def _entry(self, task: Any) -> Entry:
        return Entry(
            position=task.position,
            kind=task.kind,
            kind_name=task.get_kind_display(),
            name=self.redactor.text(task.name),
            status=task.status,
            status_name=task.get_status_display(),
            started=moment(task.started_at),
            took=self._took(task),
            waits_for=self._waits_for(task),
            attempt=task.attempt,
            attempts=self.attempts.get(task.pk, []),
            arguments=shown_json(task.shown_payload, self.redactor),
            result=shown_json(task.shown_result, self.redactor),
            error=shown_error(task.shown_error, self.redactor),
            too_large=any((getattr(task, f"{column}_size") or 0) > LARGEST for column in JSON_COLUMNS),
            undoes=_undone_by(task),
        )

    def _took(self, task: Any) -> str:
        if task.started_at is None or task.kind in (Task.Kind.STATE, Task.Kind.VALUE):
            return ""
        if task.finished_at is None:
            took = _("for %(length)s so far") % {"length": length(self.now - task.started_at)}
        else:
            took = length(task.finished_at - task.started_at)
        return _("%(took)s in %(count)d attempts") % {"took": took, "count": task.attempt} if task.attempt > 1 else took

    def _waits_for(self, task: Any) -> str | SafeString:
        """Return the reason for a wait, with links."""
        reasons = {
            Task.Kind.TIMER: self._time,
            Task.Kind.EVENT: self._event,
            Task.Kind.APPROVAL: self._approval,
            Task.Kind.CHILD: self._child,
            Task.Kind.COMPENSATION: self._undone,
            Task.Kind.STEP: self._attempt,
        }
        if task.kind in (Task.Kind.STATE, Task.Kind.VALUE):
            return ""
        parts = [reasons.get(task.kind, self._wait)(task)]
        if task.kind != Task.Kind.TIMER and task.due_at is not None:
            parts.append(format_html(_("until {} at the latest"), moment(task.due_at)))
        return format_html_join(", ", "{}", ((part,) for part in parts if part))

    def _wait(self, task: Any) -> SafeString:
        """Tell a wait as its workflow's row does while it is open, and by its name alone afterwards."""
        told = [wait for wait in waits_of(self.workflow) if (wait.get("kind"), wait.get("title")) == (task.kind, task.name)]
        return self.links.told(told[0] if told and task.finished_at is None else {"title": task.name}, self.redactor.text)

    def _time(self, task: Any) -> SafeString:
        return self.links.told(wait_for(WaitKind.TIMER, until=task.due_at), self.redactor.text)

    def _event(self, task: Any) -> SafeString:
        wait = wait_for(WaitKind.EVENT, task.name, correlation=task.correlation)
        return self.links.told(wait, self.redactor.text)

    def _approval(self, task: Any) -> SafeString | str:
        approval = self.approvals.get(task.position)
        if approval is None:
            return _("a decision")
        link = linked(self.links.to_row(Approval, approval.pk), _("approval %(id)d") % {"id": approval.pk})
        return format_html(_("a decision: {} is {}"), link, approval.get_status_display())

    def _child(self, task: Any) -> SafeString | str:
        child = self.children.get(task.child_id)
        if child is None:
            return _("a child that is no longer there")
        link = linked(self.links.to_row(Workflow, child.pk), child.key or str(child.pk))
        return format_html(_("child {}, which is {}"), link, child.get_status_display())

    def _undone(self, task: Any) -> SafeString | str:
        undoes = format_html(_("undoes {} {}"), f"#{_undone_by(task)}", task.undone_name)
        return format_html_join("; ", "{}", ((part,) for part in (undoes, self._attempt(task)) if part))

    def _attempt(self, task: Any) -> SafeString | str:
        if task.status == Task.Status.RUNNING:
            return format_html(_("the answer to attempt {}"), task.attempt)
        if task.status == Task.Status.PENDING:
            return format_html(_("attempt {}, due {}"), task.attempt + 1, moment(self.workflow.available_at))
        return ""


def _undone_by(task: Any) -> Position | None:
    return Position(task.undone_branch, task.undone_seq) if task.undone_seq is not None else None
