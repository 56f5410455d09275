"""What the carrier tells the shop, and the demo's own carrier."""

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from demo_shop.models import Shipment
from pgworkflows import send_event

SECRET_HEADER = "X-Carrier-Secret"


class UnknownParcel(Exception):
    """No parcel has this number; the argument is the number."""


class CarrierCallFailed(Exception):
    """The shop did not take the carrier's message."""


def parcel_delivered(tracking: str, signed_by: str) -> None:
    """Tell the waiting workflow; the same parcel's message counts once however often it comes.

    Raises UnknownParcel.
    """
    with transaction.atomic():
        if not Shipment.objects.filter(tracking=tracking).exists():
            raise UnknownParcel(tracking)
        send_event("delivered", {"signed_by": signed_by}, correlation=tracking, key=f"delivered-{tracking}")


def call_webhook(url: str, tracking: str, signed_by: str) -> None:
    """Send a delivery to the shop as a carrier would, over HTTP. Raises CarrierCallFailed."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise CarrierCallFailed(f"{url} is not an address of the web")
    body = json.dumps({"tracking": tracking, "signed_by": signed_by}).encode()
    headers = {"Content-Type": "application/json", SECRET_HEADER: settings.SHOP_CARRIER_SECRET}
    request = urllib.request.Request(url, data=body, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=10).close()
    except (OSError, urllib.error.URLError, http.client.HTTPException) as problem:
        raise CarrierCallFailed(f"{url}: {problem}") from problem
