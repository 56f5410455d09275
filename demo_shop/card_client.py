"""How the shop talks to the card processor: HTTP with a time-out, and answers turned into exceptions.

CardProcessorError
    CardDeclined                the card was refused; asking again changes nothing
    CardProcessorUnavailable    no usable answer; the money may or may not have moved
    CardRequestRefused          the request itself was wrong
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from demo_shop.money import from_cents, to_cents

# The demo's processor runs beside the shop: never through the proxy that the environment may name.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CardProcessorError(Exception):
    """Whatever the card processor answers instead of doing it."""


class CardDeclined(CardProcessorError):
    """The card was refused; the argument is the reason."""


class CardProcessorUnavailable(CardProcessorError):
    """No usable answer came: what happened is unknown. Ask again with the same idempotency key."""


class CardRequestRefused(CardProcessorError):
    """The processor understood the request and says that it is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A capture, as the processor knows it."""

    reference: str
    amount: Decimal
    refunded: Decimal
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClient:
    """Calls to one processor; ``timeout`` is in seconds."""

    url: str
    timeout: float

    @classmethod
    def from_settings(cls) -> "CardClient":
        """Return the client for ``SHOP_CARD_PROCESSOR_URL``."""
        return cls(url=settings.SHOP_CARD_PROCESSOR_URL, timeout=settings.SHOP_CARD_PROCESSOR_TIMEOUT)

    def charge(self, *, card: str, amount: Decimal, description: str, key: str) -> Charge:
        """Capture ``amount`` once per ``key``."""
        request = {"card": card, "amount": to_cents(amount), "description": description}
        return _charge(self._call("/charges", key=key, body=request), key)

    def refund(self, reference: str, *, amount: Decimal, key: str) -> str:
        """Give back ``amount`` of a capture once per ``key``; return the refund's reference."""
        path = f"/charges/{urllib.parse.quote(reference)}/refunds"
        return str(self._call(path, key=key, body={"amount": to_cents(amount)})["reference"])

    def charge_by_key(self, key: str) -> Charge | None:
        """Return the capture that was made under ``key``, or None when there is none."""
        query = urllib.parse.urlencode({"idempotency_key": key})
        try:
            return _charge(self._call(f"/charges?{query}"), key)
        except UnknownCharge:
            return None

    def close(self, key: str) -> Charge | None:
        """Return the capture that was made under ``key``; if None, a late request can no longer make one."""
        found = self._call("/closings", body={"idempotency_key": key})["charge"]
        return None if found is None else _charge(found, key)

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Return the processor's own books, in cents."""
        return self._call("/ledger")

    def _call(self, path: str, *, key: str | None = None, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with DIRECT.open(request, timeout=self.timeout) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as problem:
            with problem:
                raise _refusal(problem) from problem
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise CardProcessorUnavailable(f"No answer from the card processor: {problem}") from problem


class UnknownCharge(CardRequestRefused):
    """The processor has no such capture."""


def _charge(answer: dict[str, Any], key: str) -> Charge:
    return Charge(
        reference=answer["reference"],
        amount=from_cents(answer["amount"]),
        refunded=from_cents(answer["refunded"]),
        idempotency_key=key,
    )


def _refusal(problem: urllib.error.HTTPError) -> CardProcessorError:
    reason = _reason(problem)
    if problem.code == http.client.PAYMENT_REQUIRED:
        return CardDeclined(reason)
    if problem.code >= http.client.INTERNAL_SERVER_ERROR:
        return CardProcessorUnavailable(f"The card processor answered {problem.code}: {reason}")
    if reason == "unknown_charge":
        return UnknownCharge(reason)
    return CardRequestRefused(f"The card processor answered {problem.code}: {reason}")


def _reason(problem: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(problem)["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return problem.reason
