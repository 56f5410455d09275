"""Reading approvals."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from ...models import Approval
from .. import scopes
from ..documents import APPROVAL, operation
from ..etags import ETAG, etag
from ..export import rows_of
from ..filters import ApprovalFilter
from ..rendering import CSVRenderer
from ..serializers.approvals import ApprovalDetail, ApprovalSummary
from .base import ListView, View


class Approvals(ListView):
    """The newest first."""

    queryset = Approval.objects.none()
    serializer_class = ApprovalSummary
    filterset_class = ApprovalFilter

    def rows(self, request: Request) -> QuerySet[Approval]:
        """Find what concerns the user; all with `view_approval`."""
        return scopes.shown_approvals() & scopes.approvals(request.user)

    @operation("List approvals", ApprovalSummary(many=True))
    def get(self, request: Request) -> Response:
        """List what one is asked, stands in for, asked for or has decided; all with `view_approval`."""
        return self.answer(request)


class OneApproval(View):
    """One approval."""

    serializer_class = ApprovalDetail

    @operation("Show an approval", ApprovalDetail, parameters=(APPROVAL, ETAG))
    def get(self, request: Request, approval: str) -> Response:
        """Show all of it, and how one stands to it."""
        row = scopes.approval_or_404(request.user, approval)
        shown = ApprovalDetail(row, context=self.get_serializer_context()).data
        return Response(shown, headers={"ETag": etag(row)})


class Export(View):
    """All approvals that one may see, for an auditor."""

    queryset = Approval.objects.none()
    renderer_classes = (CSVRenderer,)
    filterset_class = ApprovalFilter
    filter_backends = ListView.filter_backends

    @operation("Export approvals as CSV", OpenApiTypes.STR, media_type="text/csv", filters=True)
    def get(self, request: Request) -> StreamingHttpResponse:
        """Give a line for each decision, and one for each approval without any, oldest first."""
        found = self.filter_queryset(scopes.approvals(request.user))
        headers = {"Content-Disposition": 'attachment; filename="approvals.csv"'}
        return StreamingHttpResponse(rows_of(found), content_type="text/csv; charset=utf-8", headers=headers)
