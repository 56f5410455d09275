"""Out of office: who stands in for whom."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from ...exceptions import NotAllowed
from ...models import Delegation
from ...store.approvals import delegations
from .. import scopes
from ..documents import DELEGATION, operation
from ..idempotency import once
from ..problems import Unprocessable
from ..serializers.delegations import Delegate, DelegationEntry, EndDelegation
from .base import ListView, View


class Delegations(ListView):
    """Given and got, the newest first."""

    queryset = Delegation.objects.none()
    serializer_class: Any = DelegationEntry

    def rows(self, request: Request) -> QuerySet[Delegation]:
        """Find what one gave or got."""
        return scopes.delegations(request.user)

    @operation("List delegations", DelegationEntry(many=True))
    def get(self, request: Request) -> Response:
        """List what one gave or got; what has ended too."""
        return self.answer(request)

    @operation("Delegate", DelegationEntry, status=201, request=Delegate)
    def post(self, request: Request) -> Response:
        """Let somebody decide for oneself, from one time to another."""
        self.serializer_class = Delegate
        given = self.read(request)
        to = given.pop("delegate")

        def effect() -> Response:
            try:
                made = delegations.delegate(request.user, to, **given)
            except NotAllowed as error:
                raise Unprocessable(delegate=str(error)) from error
            return Response(DelegationEntry(made).data, status=201)

        return once(request, effect)


class EndOfDelegation(View):
    """Being back."""

    serializer_class = EndDelegation

    @operation("End a delegation", DelegationEntry, request=EndDelegation, parameters=(DELEGATION,))
    def post(self, request: Request, delegation: str) -> Response:
        """End it now, as who gave it."""
        self.read(request)
        row = scopes.delegation_or_404(request.user, delegation)

        def effect() -> Response:
            delegations.end(row, request.user)
            return Response(DelegationEntry(row).data)

        return once(request, effect)
