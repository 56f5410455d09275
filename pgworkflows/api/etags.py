"""Deciding only what one has read: `ETag` of an approval, and `If-Match` of a decision."""

from __future__ import annotations

import re

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from ..models import Approval
from .problems import Stale

ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200], description="For `If-Match`.")
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER,
    description="The `ETag` of what was read. Where the approval has changed since, the answer is 412 and nothing is recorded.",
)  # fmt: skip


def etag(approval: Approval) -> str:
    """Return a strong validator: it changes with everything that is done to the approval."""
    return f'"{approval.revision}-{approval.status}-{approval.snapshot_hash[:16]}"'


def require_match(request: Request, approval: Approval) -> None:
    """Raise Stale where If-Match names other states than this one; the caller holds the approval's lock."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return
    if etag(approval) not in {_unchanged(tag) for tag in parse_etags(given)}:
        raise Stale


def _unchanged(tag: str) -> str:
    """Return a tag without what a proxy that compresses adds: that it is weak, or how it compressed.

    What the tag says of the approval stays true.
    """
    return re.sub(r'-(gzip|br|zstd|deflate)"$', '"', tag.removeprefix("W/"))
