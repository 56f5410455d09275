"""Many workflows, a line each."""

from __future__ import annotations

from django.db.models import Count, Q

from ...conf import conf
from ...definitions.registry import registry
from ...models import Workflow, WorkflowDefinition
from ...presentation.waits import in_words
from ...store.approvals.announcements import BEHIND
from ...store.live_workers import LiveWorkers
from ...values.redaction import Redactor
from .text import moment, table

HEADINGS = ("ID", "NAME", "SUBJECT", "VERSION", "STATUS", "STATE", "QUEUE", "CREATED", "WAITS FOR", "")
UNKNOWN = "no live worker takes it"


def list_workflows(*, statuses: list[str], name: str | None, limit: int) -> list[str]:
    """Return the newest workflows that fit, and mark those that no live worker takes."""
    found = Workflow.objects.using(conf().DATABASE).order_by("-created_at", "-id")
    if statuses:
        found = found.filter(status__in=statuses)
    found = found.filter(name=name) if name else found.exclude(BEHIND)
    rows, living = list(found[: limit + 1]), LiveWorkers.now()
    if not rows:
        return ["No workflows."]
    lines = table(HEADINGS, [_row(workflow, living) for workflow in rows[:limit]])
    return [*lines, f"Only the newest {limit} are shown; see --limit."] if len(rows) > limit else lines


def _row(workflow: Workflow, living: LiveWorkers) -> tuple[object, ...]:
    mark = "" if workflow.is_finished or living.takes(workflow) else f"! {UNKNOWN}"
    redactor = Redactor.of_workflow(workflow)
    return (
        workflow.id, workflow.name, redactor.text(workflow.subject_shown), workflow.version, workflow.status,
        redactor.text(workflow.state), workflow.queue, moment(workflow.created_at), in_words(workflow, redactor.text), mark,
    )  # fmt: skip


def list_definitions() -> list[str]:
    """Return a line for each name and version: whether this code has it, who knows it, and what is unfinished."""
    unfinished = {
        (row["name"], row["version"]): (row["open"], row["stuck"])
        for row in Workflow.objects.using(conf().DATABASE)
        .unfinished()
        .values("name", "version")
        .annotate(open=Count("pk"), stuck=Count("pk", filter=Q(status=Workflow.Status.BLOCKED)))
    }
    stored = set(WorkflowDefinition.objects.using(conf().DATABASE).values_list("name", "version"))
    known = sorted(stored | unfinished.keys() | registry.workflows.keys())
    if not known:
        return ["No definitions. Declare workflows in a module workflows.py of an installed app."]
    living = LiveWorkers.now()
    rows = [
        (name, version, "yes" if (name, version) in registry.workflows else "no", living.knowing(name, version),
         *unfinished.get((name, version), (0, 0)), _advice(name, version, unfinished))
        for name, version in known
    ]  # fmt: skip
    return table(("NAME", "VERSION", "IN THIS CODE", "LIVE WORKERS", "UNFINISHED", "OF THEM BLOCKED", ""), rows)


def _advice(name: str, version: int, unfinished: dict[tuple[str, int], tuple[int, int]]) -> str:
    here = (name, version) in registry.workflows
    if (name, version) in unfinished:
        return "" if here else "! put it back: its runs need it"
    if here and version < registry.latest(name).version:
        return "may be deleted from the code"
    return ""
