"""Doing a thing once, however often it is asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, cast

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from ..conf import conf
from ..models import IdempotencyKey
from ..store.actors import acting_as
from .problems import KeyReused

HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,255}$"


def once(request: Request, effect: Callable[[], Response]) -> Response:
    """Run a change in one transaction as the request's user; under an Idempotency-Key, answer a repetition as before.

    What the user must be allowed to see or do is asked before this call, so that a repetition asks it again. A refusal or an
    error undoes the transaction, and with it the key.
    """
    with transaction.atomic(using=conf().DATABASE), acting_as(request.user, channel="api"):
        key = request.headers.get(HEADER)
        if key is None:
            return effect()
        if not re.fullmatch(KEY_PATTERN, key):
            raise ValidationError({HEADER: ["Give 1 to 255 printable ASCII characters, without spaces."]})
        row, new = _take(request, key)
        if not new:
            return _answer_again(row, request)
        response = effect()
        row.status = response.status_code
        body = json.loads(json.dumps(response.data, cls=JSONEncoder))
        row.response = {"body": body, "headers": dict(response.headers)}
        row.save(update_fields=["status", "response"])
        return response


def _take(request: Request, key: str) -> tuple[IdempotencyKey, bool]:
    """Insert the key; where it is taken, wait for the transaction that took it, and return its row."""
    given: Any = {"method": request.method, "path": request.path, "body_hash": _hash(request.data)}
    rows, user = IdempotencyKey.objects.using(conf().DATABASE), cast(Any, request.user)
    while True:
        try:
            return rows.get_or_create(user=user, key=key, defaults=given)
        except IntegrityError as error:  # the row that has the key was pruned before it was read
            if not isinstance(error.__cause__, UniqueViolation):
                raise


def _answer_again(row: IdempotencyKey, request: Request) -> Response:
    if (row.method, row.path, row.body_hash) != (request.method, request.path, _hash(request.data)):
        raise KeyReused
    answer: Any = row.response
    return Response(answer["body"], status=row.status, headers=answer["headers"])


def _hash(body: Any) -> str:
    """Hash what a body says, not how it is written."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
