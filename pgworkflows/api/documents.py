"""The OpenAPI 3.1 document: what each view adds to it, and the whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from .idempotency import KEY_PATTERN
from .problems import MEDIA_TYPE
from .serializers.problem import Problem

#: What any request may be refused with, beside what its view adds.
READ = (400, 403, 404, 406, 422, 429)
CHANGE = (*READ, 409, 413, 415)
WHY = {
    400: "What was sent is ill-formed: `errors` says where.",
    401: "Nobody is logged in.",
    403: "Not logged in, not permitted, or not allowed to this user.",
    404: "There is no such row, or none that you may see.",
    406: "No representation that the client accepts.",
    409: "It is too late, or something else holds the place.",
    412: "`If-Match` no longer matches; nothing was recorded.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What was sent is well formed and cannot be acted on: `errors` says what.",
    429: "Too many requests.",
}

KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "pattern": KEY_PATTERN}, OpenApiParameter.HEADER,
    description="A repetition of the same request with the same key gets the same answer.",
)  # fmt: skip
ROW = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
WORKFLOW = OpenApiParameter("workflow", OpenApiTypes.UUID, OpenApiParameter.PATH)
REQUEST = OpenApiParameter("request_id", ROW, OpenApiParameter.PATH)
APPROVAL = OpenApiParameter("approval", ROW, OpenApiParameter.PATH)
SCHEDULE = OpenApiParameter("schedule", ROW, OpenApiParameter.PATH)
DELEGATION = OpenApiParameter("delegation", ROW, OpenApiParameter.PATH)


def operation(
    summary: str,
    answer: Any,
    *more: int,
    status: int = 200,
    instead: tuple[int, ...] = (),
    media_type: str = "application/json",
    request: Any = None,
    parameters: tuple[Any, ...] = (),
    filters: bool | None = None,
) -> Callable[[Any], Any]:
    """Describe one method of a view: what it answers, under which status or `instead` of it, and the problems."""
    problems = sorted({*(CHANGE if request is not None else READ), 401, *more})
    responses = {(code, MEDIA_TYPE): OpenApiResponse(Problem, description=WHY[code]) for code in problems}
    return described(
        summary=summary,
        request=request,
        filters=filters,
        parameters=[*parameters, *([KEY] if request is not None else [])],
        responses={**dict.fromkeys([(code, media_type) for code in (status, *instead)], answer), **responses},
    )


def described(**description: Any) -> Callable[[Any], Any]:
    """Do `extend_schema`, whatever the project's DEFAULT_SCHEMA_CLASS is."""

    def describe(method: Any) -> Any:
        method.kwargs = {"schema": AutoSchema}
        return extend_schema(**description)(method)

    return describe


URLS = "pgworkflows.api.urls"
_patching = Lock()


@cache
def document(mounted_at: str) -> dict[str, Any]:
    """Return the document of these URLs, whose paths begin with `mounted_at`; the project's own settings do not touch it."""
    settings = {
        "TITLE": "pgworkflows",
        "DESCRIPTION": "Workflows and approvals.",
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "SERVERS": [{"url": mounted_at or "/"}],
        "PREPROCESSING_HOOKS": [],
        "POSTPROCESSING_HOOKS": [],
    }
    with _patching, patched_settings(settings):  # which are global
        made: dict[str, Any] = SchemaGenerator(urlconf=URLS).get_schema(request=None, public=True)
    return made
