"""Events that nobody took."""

from __future__ import annotations

from django.db.models import Q

from ...conf import conf
from ...models import Event, Task, Workflow
from ...values.redaction import Redactor
from .text import as_json, moment, table

HEADINGS = ("SENT", "EVENT", "CORRELATION", "BY", "PAYLOAD", "TO", "WHICH IS")


def list_events(limit: int) -> list[str]:
    """Return the newest that no wait has taken: under correlations that nobody waits for, or with their workflow."""
    untaken = Event.objects.using(conf().DATABASE).untaken()
    found = untaken.filter(Q(parked=True) | ~Q(delivered_at=None)).select_related("workflow").order_by("-id")
    rows = list(found[: limit + 1])
    if not rows:
        return ["Every event was taken by a wait."]
    lines = table(HEADINGS, [_row(event) for event in rows[:limit]])
    return [*lines, f"Only the newest {limit} are shown; see --limit."] if len(rows) > limit else lines


def _row(event: Event) -> tuple[object, ...]:
    to, redactor = event.workflow, Redactor.of_workflow(event.workflow)
    which = (f"{to.id} {to.name}", to.status) if to else ("", "")
    correlation = redactor.text(event.correlation or "")
    return moment(event.sent_at), event.name, correlation, event.sent_by, as_json(event.payload, redactor), *which


def not_awaited(workflow: Workflow) -> str:
    """Say that a workflow does not wait for an event that it was sent, and which it waits for."""
    waits = workflow.tasks.filter(kind=Task.Kind.EVENT, status=Task.Status.WAITING).order_by("branch", "seq")
    names = ", ".join(waits.values_list("name", flat=True)) or "no event"
    return f"It waits for {names} now; this one is kept until it asks for it."
