"""The OpenAPI document."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from ..documents import described, document
from .base import View


class Document(View):
    """What can be asked here."""

    @described(exclude=True)
    def get(self, request: Request) -> Response:
        """Show the OpenAPI 3.1 document of these addresses."""
        return Response(document(request.path.removesuffix("schema/").rstrip("/")))
