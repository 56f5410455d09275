"""The address that the carrier calls."""

import json
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from demo_shop.carrier import SECRET_HEADER, UnknownParcel, parcel_delivered


@csrf_exempt
@require_POST
def delivered(request: HttpRequest) -> JsonResponse:
    """Take {"tracking": ..., "signed_by": ...}; 202 once the event is stored, however often it is sent."""
    if not constant_time_compare(request.headers.get(SECRET_HEADER, ""), settings.SHOP_CARRIER_SECRET):
        return _refused(HTTPStatus.FORBIDDEN, f"the header {SECRET_HEADER} is missing or wrong")
    try:
        message = json.loads(request.body)
        tracking, signed_by = message["tracking"], message["signed_by"]
    except (ValueError, TypeError, KeyError):
        return _refused(HTTPStatus.BAD_REQUEST, 'the body must be {"tracking": "...", "signed_by": "..."}')
    if not (_is_text(tracking) and _is_text(signed_by)):
        return _refused(HTTPStatus.BAD_REQUEST, "tracking and signed_by must be texts of 1 to 200 characters")
    try:
        parcel_delivered(tracking, signed_by)
    except UnknownParcel:
        return _refused(HTTPStatus.NOT_FOUND, f"no parcel has the number {tracking}")
    return JsonResponse({"accepted": tracking}, status=HTTPStatus.ACCEPTED)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and "\0" not in value


def _refused(status: HTTPStatus, reason: str) -> JsonResponse:
    return JsonResponse({"error": reason}, status=status)
