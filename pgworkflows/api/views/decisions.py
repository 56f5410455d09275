"""What people do to approvals: each change of state is one POST."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as FormError
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ...conf import conf
from ...exceptions import NotAllowed
from ...models import Approval
from ...store.approvals.people import active_user
from ...store.approvals.verbs import locked
from ...values.people import Person
from .. import scopes
from ..documents import APPROVAL, operation
from ..etags import IF_MATCH, etag, require_match
from ..idempotency import once
from ..problems import Unprocessable
from ..serializers.approvals import ApprovalSummary, Approve, Comment, Reassign, Refuse, Resubmit, Withdraw
from .base import View


class ApprovalVerbView(View):
    """One verb on an approval that the user may see; answers how it stands after."""

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Call the verb."""
        raise NotImplementedError

    def change(self, request: Request, key: str) -> Response:
        """Do it once, to the state that the client has read, in one transaction with its Idempotency-Key."""
        given, row = self.read(request), scopes.approval_or_404(request.user, key)

        def effect() -> Response:
            if "If-Match" in request.headers:
                with locked(row) as now:
                    require_match(request, now)
            self.do(row, request.user, **given)
            after = scopes.shown_approvals().get(pk=row.pk)
            return Response(ApprovalSummary(after).data, headers={"ETag": etag(after)})

        return once(request, effect)


class Decide(ApprovalVerbView):
    """One of the three answers."""

    verb: ClassVar[str]

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Call the verb; what is wrong in the form is said of `data`."""
        try:
            getattr(approval, self.verb)(by, **given)
        except FormError as error:
            raise ValidationError({"data": error.message_dict}) from error


class ApproveApproval(Decide):
    """Agreeing."""

    serializer_class = Approve
    verb = "approve"

    @operation("Approve", ApprovalSummary, 412, request=Approve, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Agree, oneself or for somebody whom one stands in for."""
        return self.change(request, approval)


class RejectApproval(Decide):
    """Disagreeing."""

    serializer_class = Refuse
    verb = "reject"

    @operation("Reject", ApprovalSummary, 412, request=Refuse, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Disagree, saying why; one rejection rejects."""
        return self.change(request, approval)


class RequestChanges(Decide):
    """Sending back."""

    serializer_class = Refuse
    verb = "request_changes"

    @operation("Request changes", ApprovalSummary, 412, request=Refuse, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Send it back to its requester, saying what should change."""
        return self.change(request, approval)


class ResubmitApproval(ApprovalVerbView):
    """Asking again."""

    serializer_class = Resubmit

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Resubmit it."""
        approval.resubmit(by, **given)

    @operation("Resubmit", ApprovalSummary, 412, request=Resubmit, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Ask again, as the requester; a worker opens the next round."""
        return self.change(request, approval)


class WithdrawApproval(ApprovalVerbView):
    """Taking back."""

    serializer_class = Withdraw

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Withdraw it."""
        approval.withdraw(by, **given)

    @operation("Withdraw", ApprovalSummary, 412, request=Withdraw, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Take the request back, as its requester."""
        return self.change(request, approval)


class ReassignApproval(ApprovalVerbView):
    """Having somebody else asked."""

    serializer_class = Reassign

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Reassign it."""
        to = _group(given["to"]) if given.get("kind") == "group" else _person(given["to"])
        approval.reassign(by, to, given["reason"])

    @operation("Reassign", ApprovalSummary, 412, request=Reassign, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Have a user or a group asked instead: of oneself where one is named, of all with `reassign_approval`."""
        return self.change(request, approval)


class Comments(ApprovalVerbView):
    """Saying something."""

    serializer_class = Comment

    def do(self, approval: Approval, by: Person, /, **given: Any) -> None:
        """Comment on it."""
        approval.comment(by, given["text"])

    @operation("Comment", ApprovalSummary, 412, request=Comment, parameters=(APPROVAL, IF_MATCH))
    def post(self, request: Request, approval: str) -> Response:
        """Say something that everybody concerned can read."""
        return self.change(request, approval)


def _person(name: str) -> Any:
    try:
        return active_user(name)
    except NotAllowed as error:
        raise Unprocessable(to=str(error)) from error


def _group(name: str) -> Group:
    found = Group.objects.using(conf().DATABASE).filter(name=name).first()
    if found is None:
        raise Unprocessable(to=f"There is no group {name}.")
    return found
