"""Reading workflows, and starting them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from ...conf import conf
from ...definitions.arguments import convert
from ...definitions.registry import registry
from ...definitions.workflow import WorkflowFunction
from ...models import History, Task, Workflow, WorkflowDefinition
from ...models.history import IN_ORDER
from ...values.people import User, UserRow
from ...values.redaction import Redactor
from .. import scopes
from ..documents import WORKFLOW, operation
from ..filters import WorkflowFilter
from ..idempotency import once
from ..problems import KeyTaken, Unprocessable
from ..serializers.workflows import Definition, HistoryEntry, Start, TaskEntry, WorkflowDetail, WorkflowSummary
from .base import ListView, View


class Workflows(ListView):
    """The newest first."""

    needs = {"POST": "start_workflow"}
    queryset = Workflow.objects.none()
    serializer_class: Any = WorkflowSummary
    filterset_class = WorkflowFilter

    def rows(self, request: Request) -> QuerySet[Workflow]:
        """Find one's own; all with `view_workflow`."""
        return scopes.workflows(request.user)

    @operation("List workflows", WorkflowSummary(many=True))
    def get(self, request: Request) -> Response:
        """List one's own workflows; all with `view_workflow`."""
        return self.answer(request)

    @operation("Start a workflow", WorkflowSummary, status=201, request=Start)
    def post(self, request: Request) -> Response:
        """Start a workflow that is declared with `api=True`, as its requester."""
        self.serializer_class = Start
        definition, options, arguments = self._asked(request.user, self.read(request))

        def effect() -> Response:
            started = definition.using(requested_by=request.user, **options).start(**arguments)
            # The same key and arguments give back the row that has them, whosever it is.
            row = scopes.workflows(request.user).filter(pk=started.pk).first()
            if row is None:
                raise KeyTaken
            where = reverse("pgworkflows-api:workflow", [row.pk], request=request)
            return Response(WorkflowSummary(row).data, status=201, headers={"Location": where})

        return once(request, effect)

    def _asked(self, user: User, given: dict[str, Any]) -> tuple[WorkflowFunction[..., Any], dict[str, Any], dict[str, Any]]:
        """Return what is to be started, how, and with which arguments; raise Unprocessable."""
        definition = _startable(given["name"], given.get("version"))
        options: dict[str, Any] = {name: given[name] for name in ("key", "run_after", "attributes") if name in given}
        if "subject" in given:
            options["subject"] = _subject(user, **given["subject"])
        try:
            arguments = convert(definition.name, definition.function, definition.signature, given.get("kwargs", {}))
        except TypeError as error:
            raise Unprocessable(kwargs=str(error)) from error
        return definition, options, arguments


def _startable(name: str, version: int | None) -> WorkflowFunction[..., Any]:
    """Return the version asked for, or the highest; raise Unprocessable where there is none that the API may start."""
    versions = {known: found for (other, known), found in registry.workflows.items() if other == name}
    chosen = versions.get(max(versions, default=0) if version is None else version)
    if chosen is None or not chosen.api:
        raise Unprocessable(name="No workflow of this name and version can be started here. See definitions/.")
    return chosen


def _subject(user: UserRow, model: str, id: str) -> Model:  # noqa: A002 - the body's own word
    """Return the row if the user may view its model; raise Unprocessable alike for what is hidden and what is not there."""
    try:
        kind = apps.get_model(model)
        found: Model | None = kind._base_manager.using(conf().DATABASE).filter(pk=id).first()
    except (LookupError, ValueError, TypeError, ValidationError):
        found = None
    if found is None or not user.has_perm(f"{kind._meta.app_label}.view_{kind._meta.model_name}"):
        raise Unprocessable(subject="There is no such row, or none that you may see.")
    return found


class OneWorkflow(View):
    """One workflow."""

    serializer_class = WorkflowDetail

    @operation("Show a workflow", WorkflowDetail, parameters=(WORKFLOW,))
    def get(self, request: Request, workflow: str) -> Response:
        """Show all of it, secrets hidden."""
        row = scopes.workflow_or_404(request.user, workflow)
        return Response(WorkflowDetail(row).data)


class Tasks(ListView):
    """What a workflow did and waits for, in order."""

    ordering = ("branch", "seq")
    queryset = Task.objects.none()
    serializer_class = TaskEntry
    redactor = Redactor()

    def rows(self, request: Request, workflow: str = "") -> QuerySet[Task]:
        """Find the tasks of one workflow that the user may see."""
        row = scopes.workflow_or_404(request.user, workflow)
        self.redactor = Redactor.of_run(row)
        return row.tasks.all()

    def get_serializer_context(self) -> dict[str, Any]:
        """Hide the workflow's secrets."""
        return {**super().get_serializer_context(), "redactor": self.redactor}

    @operation("List a workflow's tasks", TaskEntry(many=True), parameters=(WORKFLOW,))
    def get(self, request: Request, workflow: str) -> Response:
        """List them in the order of the body."""
        return self.answer(request, workflow=workflow)


class HistoryOfWorkflow(ListView):
    """What happened to a workflow, its tasks and its approvals."""

    ordering = IN_ORDER
    queryset = History.objects.none()
    serializer_class = HistoryEntry
    redactor = Redactor()

    def rows(self, request: Request, workflow: str = "") -> QuerySet[History]:
        """Find the history of one workflow that the user may see."""
        row = scopes.workflow_or_404(request.user, workflow)
        self.redactor = Redactor.of_run(row)
        return scopes.history(row)

    def get_serializer_context(self) -> dict[str, Any]:
        """Hide the workflow's secrets."""
        return {**super().get_serializer_context(), "redactor": self.redactor}

    @operation("List a workflow's history", HistoryEntry(many=True), parameters=(WORKFLOW,))
    def get(self, request: Request, workflow: str) -> Response:
        """List it, oldest first."""
        return self.answer(request, workflow=workflow)


class Definitions(ListView):
    """What can be started."""

    ordering = ("id",)
    queryset = WorkflowDefinition.objects.none()
    serializer_class = Definition

    def rows(self, request: Request) -> QuerySet[WorkflowDefinition]:
        """Find all with `view_workflow`, else those that one may start."""
        return scopes.definitions(request.user)

    @operation("List definitions", Definition(many=True))
    def get(self, request: Request) -> Response:
        """List the definitions that one may start; all with `view_workflow`."""
        return self.answer(request)
