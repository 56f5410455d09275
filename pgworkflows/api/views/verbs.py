"""What people do to workflows: each change of state is one POST."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ...models import Workflow
from ...store import events
from .. import scopes
from ..documents import WORKFLOW, operation
from ..idempotency import once
from ..serializers.workflows import Cancel, Compensate, CorrelatedEvent, EventTo, Retry, WorkflowSummary
from .base import View


class WorkflowVerbView(View):
    """One verb on a workflow that the user may see; answers how it stands after."""

    def do(self, workflow: Workflow, **given: Any) -> None:
        """Call the verb."""
        raise NotImplementedError

    def change(self, request: Request, key: str) -> Response:
        """Do it once, in one transaction with its Idempotency-Key."""
        given, workflow = self.read(request), scopes.workflow_or_404(request.user, key)

        def effect() -> Response:
            self.do(workflow, **given)
            workflow.refresh_from_db()
            return Response(WorkflowSummary(workflow).data)

        return once(request, effect)


class CancelWorkflow(WorkflowVerbView):
    """Ending a workflow."""

    needs = {"POST": "cancel_workflow"}
    serializer_class = Cancel

    def do(self, workflow: Workflow, **given: Any) -> None:
        """Cancel it."""
        workflow.cancel(**given, by=self.request.user)

    @operation("Cancel a workflow", WorkflowSummary, request=Cancel, parameters=(WORKFLOW,))
    def post(self, request: Request, workflow: str) -> Response:
        """End it after undoing its completed steps; what runs just now is cancelled by its worker, soon after."""
        return self.change(request, workflow)


class RetryWorkflow(WorkflowVerbView):
    """Letting a workflow go on."""

    needs = {"POST": "retry_workflow"}
    serializer_class = Retry

    def do(self, workflow: Workflow, **given: Any) -> None:
        """Retry it."""
        workflow.retry(by=self.request.user)

    @operation("Retry a workflow", WorkflowSummary, request=Retry, parameters=(WORKFLOW,))
    def post(self, request: Request, workflow: str) -> Response:
        """Let a FAILED or BLOCKED workflow go on from where it stopped, and one that is to be tried again later try now."""
        return self.change(request, workflow)


class CompensateWorkflow(WorkflowVerbView):
    """Undoing a workflow."""

    needs = {"POST": "compensate_workflow"}
    serializer_class = Compensate

    def do(self, workflow: Workflow, **given: Any) -> None:
        """Compensate it."""
        workflow.compensate(**given, by=self.request.user)

    @operation("Compensate a workflow", WorkflowSummary, request=Compensate, parameters=(WORKFLOW,))
    def post(self, request: Request, workflow: str) -> Response:
        """Undo the completed steps of a FAILED or BLOCKED workflow."""
        return self.change(request, workflow)


class EventsOfWorkflow(View):
    """Sending a workflow an event."""

    needs = {"POST": "send_event"}
    serializer_class = EventTo

    @operation("Send an event to a workflow", None, status=204, instead=(202,), request=EventTo, parameters=(WORKFLOW,))
    def post(self, request: Request, workflow: str) -> Response:
        """Send it: 204 if the workflow waits for it, 202 if it is kept because that may come later."""
        given, row = self.read(request), scopes.workflow_or_404(request.user, workflow)

        def effect() -> Response:
            awaited = row.send_event(**given, by=request.user)
            return Response(status=204 if awaited else 202)

        return once(request, effect)


class Events(View):
    """Sending an event to whoever waits for it."""

    needs = {"POST": "send_event"}
    serializer_class = CorrelatedEvent

    @operation("Send an event under a correlation", None, status=204, instead=(202,), request=CorrelatedEvent)
    def post(self, request: Request) -> Response:
        """Send it to the oldest workflow that waits for it: 204; 202 if nobody does and it is kept until one does."""
        given = self.read(request)

        def effect() -> Response:
            awaited = events.send_event(**given, by=request.user)
            return Response(status=204 if awaited else 202)

        return once(request, effect)
