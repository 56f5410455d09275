"""Pages by cursor: the value where the page before ended, and never a count."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as FieldError
from django.db.models import QuerySet
from drf_spectacular.plumbing import is_jsonschema_compliant
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from .problems import Unprocessable


class ByColumn(CursorPagination):
    """Page by the columns of `view.ordering`, unique together; fifty rows, or `page_size` up to two hundred."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    template = None
    #: More rows do not share a value of the first column: what one commit cancels shares its moment.
    offset_cutoff = 100_000

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """Return the view's columns, and remember what the first one's values must look like."""
        ordering: tuple[str, ...] = view.ordering
        self.column = queryset.model._meta.get_field(ordering[0].lstrip("-"))
        return ordering

    def get_page_size(self, request: Request) -> int:
        """Return how many rows; raise ValidationError for what is no number from 1 to 200."""
        given = request.query_params.get("page_size", str(self.page_size))
        if given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= self.max_page_size:
            return int(given)
        raise ValidationError({"page_size": [f"Give a number from 1 to {self.max_page_size}."]})

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor; raise Unprocessable for one that was not given out here."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                self.column.to_python(cursor.position)
        except (NotFound, FieldError) as error:
            raise Unprocessable(cursor="This is no cursor of this list.") from error
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Say what the two parameters take."""
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string", "minLength": 1},
                "description": "From `next` or `previous`.",
            },
            {"name": "page_size", "in": "query", "schema": size, "description": "How many rows to return."},
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Say what a page looks like."""
        nullable: dict[str, Any] = (
            {"type": ["string", "null"]} if is_jsonschema_compliant() else {"type": "string", "nullable": True}
        )
        link = {**nullable, "format": "uri"}
        return {
            "type": "object",
            "properties": {"next": link, "previous": link, "results": schema},
            "required": ["next", "previous", "results"],
            "additionalProperties": False,
        }
