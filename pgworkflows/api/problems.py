"""Every error as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from ..exceptions import (
    KeyConflict,
    NotMigrated,
    PGWorkflowsError,
    SubjectChanged,
)
from ..presentation.refusals import refusal_in_http
from ..values.redaction import Redactor

MEDIA_TYPE = "application/problem+json"
URN = "urn:pgworkflows:problem:"


class KeyTaken(exceptions.APIException):
    """A workflow's key that belongs to a workflow of which the client may learn nothing."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "key-conflict"
    default_detail = "The key belongs to another workflow of this name. Use another key."


class Unprocessable(exceptions.APIException):
    """A body that is well formed and cannot be acted on; `detail` maps fields to what is wrong with them."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"

    def __init__(self, **errors: str) -> None:
        super().__init__({field: [message] for field, message in errors.items()})


class KeyReused(exceptions.APIException):
    """An `Idempotency-Key` that was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency-key-reused"
    default_detail = "This Idempotency-Key was used for another request. Use a new key for each request."


class Stale(exceptions.APIException):
    """An `If-Match` that no longer matches."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale"
    default_detail = "The approval has changed since it was read. Read it again, then decide."


class TooLarge(exceptions.APIException):
    """A body that is larger than anything that could be stored."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"
    default_detail = "The body is larger than MAX_PAYLOAD_BYTES allows."


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error; None leaves what nobody foresaw to Django, which reports it and answers 500."""
    error = _as_api_error(error)
    if isinstance(error, PGWorkflowsError) and not isinstance(error, NotMigrated):
        problem, headers = _refusal(error), dict[str, str]()
    elif isinstance(error, exceptions.APIException):
        problem, headers = _problem(error), _headers(error)
    else:
        return None
    set_rollback()
    return _answer(_redactor(context).data(problem), headers)


def _redactor(context: dict[str, Any]) -> Redactor:
    """Hide what was given under a hidden name: a refusal may show a value."""
    try:
        return Redactor.of(context["request"].data)
    except (KeyError, exceptions.APIException):  # none that could be read
        return Redactor()


def _as_api_error(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, KeyConflict):  # its message shows the arguments of the workflow that has the key
        return KeyTaken(f"Key {error.key!r} of {error.name} belongs to a workflow with other arguments. Use another key.")
    return error


def _answer(problem: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def _refusal(error: PGWorkflowsError) -> dict[str, Any]:
    code, name = refusal_in_http(error)
    if isinstance(error, SubjectChanged):
        detail = f"{error.subject} has changed since it was shown for approval. Read the approval again."
        return _members(code, name, detail) | {"difference": error.difference}
    return _members(code, name, str(error))


def _problem(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error.detail, dict | list):
        errors = [{"field": field, "detail": message} for field, message in _flattened(error.detail)]
        name = "invalid" if error.status_code == 400 else error.default_code
        return _members(error.status_code, name, "See errors.") | {"errors": errors}
    return _members(error.status_code, error.default_code.replace("_", "-"), str(error.detail))


def _members(code: int, name: str, detail: str) -> dict[str, Any]:
    return {"type": f"{URN}{name}", "title": HTTPStatus(code).phrase, "status": code, "detail": detail}


def _flattened(detail: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted field, message); the field is empty where the body as a whole is meant."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            plain = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _flattened(inner, ".".join(filter(None, (field, plain))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flattened(inner, field)
    else:
        yield field, str(detail)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined] # APIView sets it
    if getattr(error, "wait", None):
        headers["Retry-After"] = f"{error.wait:.0f}"  # type: ignore[attr-defined] # of Throttled
    return headers
