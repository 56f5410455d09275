"""What all views share: nothing of it is left to the project's defaults but authentication and throttling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.cache import patch_cache_control
from drf_spectacular.openapi import AutoSchema
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from ..filters import Nothing, StrictFilterBackend
from ..pagination import ByColumn
from ..parsing import BoundedJSONParser
from ..permissions import LoggedInAndPermitted
from ..problems import problem_response
from ..rendering import PlainJSONRenderer


class View(GenericAPIView[Any]):
    """A view for people who are logged in; `needs` maps a method to the permission that it takes beside."""

    needs: ClassVar[Mapping[str, str]] = {}

    permission_classes = (LoggedInAndPermitted,)
    parser_classes = (BoundedJSONParser,)
    renderer_classes = (PlainJSONRenderer,)
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    http_method_names = ["get", "head", "post"]
    pagination_class: Any = None
    filter_backends: Any = ()
    schema = AutoSchema()

    def get_exception_handler(self) -> Any:
        """Answer errors as problems, whatever the project's handler is."""
        return problem_response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let nobody on the way keep an answer."""
        patch_cache_control(response, no_store=True, private=True)
        return super().finalize_response(request, response, *args, **kwargs)

    def read(self, request: Request) -> dict[str, Any]:
        """Return the body as the view's serializer reads it; raise ValidationError."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found


class ListView(View):
    """Rows by cursor, in the order of one unique and indexed column."""

    ordering: ClassVar[tuple[str, ...]] = ("-id",)

    pagination_class = ByColumn
    filter_backends = (StrictFilterBackend,)
    filterset_class: ClassVar[Any] = Nothing

    def rows(self, request: Request) -> QuerySet[Any]:
        """Find what the user may see."""
        raise NotImplementedError

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Return one page of what is found."""
        page = self.paginate_queryset(self.filter_queryset(self.rows(request, **kwargs)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
