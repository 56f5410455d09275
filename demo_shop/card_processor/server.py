"""The processor's HTTP interface.

POST /charges                      {"amount": 1250, "card": "tok-4242", "description": "..."}
POST /charges/<reference>/refunds  {"amount": 500}
GET  /charges?idempotency_key=...  the capture made under that key, or 404
POST /closings                     {"idempotency_key": "..."}: the capture made under that key, or null, and then a
                                   request that is still on its way can capture nothing any more
GET  /ledger                       every capture and every refund
GET  /health

Amounts are whole cents. POSTs that move money need an Idempotency-Key header: the same key and body get the same
answer, another body gets 422. Refusals of a card are 402. Errors are {"error": "snake_case_reason"}.
"""

import json
import re
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from sqlite3 import Connection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo_shop.card_processor import cards, ledger
from demo_shop.card_processor.faults import Fault, Faults
from demo_shop.card_processor.ledger import Answer, Ledger

REFUNDS = re.compile(r"/charges/(?P<charge>[\w-]+)/refunds")
MAX_BODY_BYTES = 10_000


class BadRequest(Exception):
    """A request that cannot be understood; the argument is the reason."""


class CardProcessor(ThreadingHTTPServer):
    """The server: a ledger, and the faults it was told to have."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], ledger: Ledger, faults: Faults) -> None:
        self.ledger = ledger
        self.faults = faults
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        """Return the address under which it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


class Handler(BaseHTTPRequestHandler):
    """Read one request, ask the ledger, answer; or fail as the faults demand."""

    server: CardProcessor
    # Buffered, so that headers and body leave in one packet.
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a question."""
        target = urlsplit(self.path)
        if target.path == "/health":
            self.answer(Answer(status=200, body={"ok": True}))
        elif target.path == "/ledger":
            self.answer(Answer(status=200, body=self.server.ledger.everything()))
        elif target.path == "/charges":
            key = parse_qs(target.query).get("idempotency_key", [""])[0]
            charge = self.server.ledger.charge_by_key(key)
            self.answer(Answer(status=200, body=charge) if charge else error(404, "unknown_charge"))
        else:
            self.answer(error(404, "unknown_address"))

    def do_POST(self) -> None:
        """Move money, or see to it that none moves."""
        try:
            if self.path == "/closings":
                charge = self.server.ledger.close(text(self.body(), "idempotency_key"))
                self.answer(Answer(status=200, body={"charge": charge}))
                return
            key, body = self.idempotency_key(), self.body()
            fault = self.fault(key, body)
            if fault is Fault.NONE:
                self.answer(self.move_money(key, body))
            elif fault is Fault.UNAVAILABLE:
                self.answer(error(503, "unavailable"))
            elif fault is Fault.STALLED:
                time.sleep(self.server.faults.stall)
                self.hang_up()
            elif fault is Fault.LOST_ANSWER:
                self.move_money(key, body)
                self.hang_up()
        except BadRequest as problem:
            self.answer(error(400, str(problem)))

    def move_money(self, key: str, body: dict[str, Any]) -> Answer:
        """Capture or refund, once per key."""
        cents = whole_cents(body)
        act: Callable[[Connection], Answer]
        if self.path == "/charges":
            card, description = text(body, "card"), text(body, "description")
            act = partial(ledger.capture, key=key, card=card, cents=cents, description=description)
            if refused := self.refused(key, card, cents):
                act = partial(ledger.refuse, answer=refused)
        elif found := REFUNDS.fullmatch(self.path):
            act = partial(ledger.refund, key=key, charge=found["charge"], cents=cents)
        else:
            return error(404, "unknown_address")
        return self.server.ledger.once(key, {**body, "at": self.path}, act)

    def refused(self, key: str, card: str, cents: int) -> Answer | None:
        """Return the refusal of a card, or None."""
        reason = cards.refusal(card, cents)
        if reason is None and self.server.faults.declines_charge(key):
            reason = "card_declined"
        return error(402, reason) if reason else None

    def fault(self, key: str, body: dict[str, Any]) -> Fault:
        """Count the attempt and return what is to go wrong with it."""
        card = body.get("card")
        return self.server.faults.for_call(key, self.server.ledger.attempt(key), card if isinstance(card, str) else None)

    def idempotency_key(self) -> str:
        """Return the request's key."""
        key = self.headers.get("Idempotency-Key", "")
        if not 1 <= len(key) <= 200:
            raise BadRequest("idempotency_key_missing")
        return key

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise BadRequest("body_missing_or_too_large")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError as problem:
            raise BadRequest("body_is_not_json") from problem
        if not isinstance(body, dict):
            raise BadRequest("body_is_not_an_object")
        return body

    def answer(self, answer: Answer) -> None:
        """Send an answer as JSON."""
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Stay quiet: the ledger is the record."""


def error(status: int, reason: str) -> Answer:
    """Return an answer that says why not."""
    return Answer(status=status, body={"error": reason})


def whole_cents(body: dict[str, Any]) -> int:
    """Return the amount of a request."""
    cents = body.get("amount")
    if not isinstance(cents, int) or isinstance(cents, bool) or cents <= 0:
        raise BadRequest("amount_is_not_a_positive_integer")
    return cents


def text(body: dict[str, Any], name: str) -> str:
    """Return a text of a request."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name}_missing")
    return value
