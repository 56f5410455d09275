"""Asking a running workflow, and reading its answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from ...conf import conf
from ...exceptions import WaitTimeout
from ...models import Request as RequestRow
from ...models import Workflow
from ...store import answers, requests
from .. import scopes
from ..documents import REQUEST, WORKFLOW, operation
from ..idempotency import once
from ..serializers.requests import Ask, RequestEntry
from .base import View

#: The longest, in seconds, that an answer is waited for.
LONGEST_WAIT = 10
WAIT = OpenApiParameter(
    "wait", {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT}, OpenApiParameter.QUERY,
    description="For how many seconds to wait for the answer.",
)  # fmt: skip


class RequestsOfWorkflow(View):
    """Asking a workflow."""

    needs = {"POST": "ask_workflow"}
    serializer_class = Ask

    @operation("Ask a workflow", RequestEntry, status=202, request=Ask, parameters=(WORKFLOW,))
    def post(self, request: Request, workflow: str) -> Response:
        """Ask it: its answer is at the address under `Location`."""
        given, row = self.read(request), scopes.workflow_or_404(request.user, workflow)

        def effect() -> Response:
            asked = requests.post(row.pk, given["name"], given.get("payload"), by=request.user)
            where = reverse("pgworkflows-api:request", [row.pk, asked], request=request)
            return Response(RequestEntry(_found(row, str(asked))).data, status=202, headers={"Location": where})

        return once(request, effect)


class OneRequest(View):
    """One request."""

    serializer_class = RequestEntry

    @operation("Show a request and its answer", RequestEntry, 409, parameters=(WORKFLOW, REQUEST, WAIT))
    def get(self, request: Request, workflow: str, request_id: str) -> Response:
        """Show it once it is answered, or as it stands when the time is up; a refused one is a problem."""
        row, seconds = scopes.workflow_or_404(request.user, workflow), _wait(request)
        found = _found(row, request_id)
        with suppress(WaitTimeout):
            answers.wait_for_answer(row.pk, found.name, found.pk, seconds)
        found.refresh_from_db()
        return Response(RequestEntry(found).data)


def _wait(request: Request) -> int:
    wrong = sorted({*request.query_params} - {"wait"})
    if wrong:
        raise ValidationError({name: ["There is no such parameter."] for name in wrong})
    given = request.query_params.get("wait", "0")
    if not (given.isascii() and given.isdigit() and int(given) <= LONGEST_WAIT):
        raise ValidationError({"wait": [f"Give a whole number of seconds up to {LONGEST_WAIT}."]})
    return int(given)


def _found(workflow: Workflow, key: str) -> Any:
    rows = RequestRow.objects.using(conf().DATABASE).filter(workflow=workflow)
    found = rows.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) <= 18 else None
    if found is None:
        raise NotFound
    return found
