"""One workflow, all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...conf import conf
from ...models import History, Task, Workflow
from ...models.functions import BY_POSITION
from ...models.people import names_of
from ...presentation.requester import asked_by
from ...presentation.waits import in_words, waits_of
from ...store.approvals.decisions import who_may_decide
from ...store.live_workers import LiveWorkers
from ...values.readable import fields_of
from ...values.redaction import Redactor
from .text import as_json, moment, table


def show(workflow: Workflow) -> Iterator[str]:
    """Yield what is known of it: itself, its tasks, what it waits for, its errors, and its history."""
    tasks = list(workflow.tasks.order_by(BY_POSITION))
    redactor = Redactor.of_run(workflow)
    yield f"{workflow.name} version {workflow.version}"
    for label, value in _facts(workflow, redactor):
        if value:
            yield f"  {label:<14}{value}"
    yield from _section("Tasks", _TASKS, (_task(task, redactor) for task in tasks))
    yield from _tracebacks(workflow, tasks, redactor)
    yield from _section("Events not taken", ("EVENT", "SENT", "BY", "CORRELATION", "PAYLOAD"), _events(workflow, redactor))
    yield from _section("Requests", ("REQUEST", "ASKED", "BY", "PAYLOAD", "ANSWERED", "ANSWER"), _requests(workflow, redactor))
    yield from _section("Approvals", _APPROVALS, _approvals(workflow, redactor))
    yield from _section(
        "Children", ("ID", "NAME", "STATUS"), workflow.children.order_by("id").values_list("id", "name", "status")
    )
    yield from _section("History", _HISTORY, _history(workflow, redactor))


_TASKS = ("#", "KIND", "NAME", "STATUS", "ATTEMPT", "DUE", "FINISHED", "RESULT OR ERROR")
_APPROVALS = ("ID", "TITLE", "STATUS", "ASKED", "DUE", "DECISIONS", "ASKED BY")
_HISTORY = ("AT", "EVENT", "FROM", "TO", "STATE", "ATTEMPT", "BY", "SESSION", "CHANNEL", "NOTE")


def _section(title: str, headings: tuple[str, ...], rows: Any) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield ""
        yield title
        yield from (f"  {line}" for line in table(headings, rows))


def _tracebacks(workflow: Workflow, tasks: list[Task], redactor: Redactor) -> Iterator[str]:
    """Yield where the workflow's code, and the code of its last failed step, was when it failed."""
    failed = [task for task in tasks if task.status == Task.Status.FAILED][-1:]
    for title, error in (*((f"Traceback of {task.name}", task.error) for task in failed), ("Traceback", workflow.error)):
        text = redactor.text(str(fields_of(error).get("traceback") or "")).rstrip()
        if text:
            yield ""
            yield title
            yield from (f"  {line}" for line in text.splitlines())


def _facts(workflow: Workflow, redactor: Redactor) -> Iterator[tuple[str, str]]:
    lack = "" if workflow.is_finished else LiveWorkers.now().lack(workflow.name, workflow.version, workflow.queue)
    subject = f"{workflow.subject_label}:{workflow.subject_id}" if workflow.subject_label else ""
    yield "id", str(workflow.id)
    yield "status", f"{workflow.status} (! {lack})" if lack else workflow.status
    yield "state", redactor.text(workflow.state)
    yield "waits for", in_words(workflow, redactor.text)
    yield "can decide", ", ".join(_deciders(workflow))
    yield "available", moment(workflow.available_at)
    yield "deadline", moment(workflow.deadline)
    yield "queue", f"{workflow.queue}, priority {workflow.priority}"
    yield "key", workflow.key or ""
    yield "subject", subject
    yield "requested by", workflow.requested_by_name
    yield "parent", str(workflow.parent_id or "")
    yield "created", moment(workflow.created_at)
    yield "started", moment(workflow.started_at)
    yield "finished", moment(workflow.finished_at)
    yield "arguments", as_json(workflow.kwargs, redactor)
    yield "labels", as_json(workflow.attributes or None, redactor)
    yield "result", as_json(workflow.result, redactor)
    yield "error", _error(workflow.error, redactor)


def _deciders(workflow: Workflow) -> list[str]:
    asked = [wait["approval"] for wait in waits_of(workflow) if "approval" in wait]
    return [name for approval in workflow.approvals.pending().filter(pk__in=asked) for name in who_may_decide(approval)]


def _error(error: Any, redactor: Redactor) -> str:
    if not isinstance(error, dict):
        return ""
    return f"{str(error.get('type', '')).removeprefix('builtins:')}: {redactor.text(str(error.get('message', '')))}"


def _task(task: Task, redactor: Redactor) -> tuple[Any, ...]:
    said = _error(task.error, redactor) or as_json(task.result, redactor)
    name = redactor.text(task.name)
    return task.position, task.kind, name, task.status, task.attempt, moment(task.due_at), moment(task.finished_at), said


def _events(workflow: Workflow, redactor: Redactor) -> Iterator[tuple[Any, ...]]:
    for event in workflow.events.untaken().order_by("id"):
        yield (
            event.name,
            moment(event.sent_at),
            event.sent_by,
            redactor.text(event.correlation or ""),
            as_json(event.payload, redactor),
        )


def _requests(workflow: Workflow, redactor: Redactor) -> Iterator[tuple[Any, ...]]:
    for request in workflow.requests.order_by("id"):
        answer = redactor.text(request.refusal) if request.refusal is not None else as_json(request.answer, redactor)
        asked = request.name, moment(request.asked_at), request.asked_by, as_json(request.payload, redactor)
        yield (*asked, moment(request.answered_at), answer)


def _approvals(workflow: Workflow, redactor: Redactor) -> Iterator[tuple[Any, ...]]:
    for approval in workflow.approvals.order_by("id").prefetch_related("users", "groups", "decisions"):
        asked = [*names_of(approval.users.all()), *sorted(group.name for group in approval.groups.all())]
        decisions = "; ".join(map(str, approval.decisions.all()))
        yield (
            approval.pk, redactor.text(approval.title), approval.status, ", ".join(asked), moment(approval.due_at), decisions,
            asked_by(approval),
        )  # fmt: skip


def _history(workflow: Workflow, redactor: Redactor) -> Iterator[tuple[Any, ...]]:
    for row in History.objects.using(conf().DATABASE).of_workflow(workflow.pk):
        yield (
            moment(row.at), row.event, row.from_status, row.to_status, redactor.text(row.state), row.attempt, row.actor,
            row.session_user, row.channel, redactor.text(row.note),
        )  # fmt: skip
