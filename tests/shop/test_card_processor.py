"""The card processor over real HTTP, through the shop's own client."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest

from demo_shop.card_client import (
    CardClient,
    CardDeclined,
    CardProcessorUnavailable,
    CardRequestRefused,
)
from demo_shop.card_processor import cards
from demo_shop.card_processor.faults import strikes


def charge(client: CardClient, key: str = "k1", *, card: str = cards.GOOD, amount: str = "12.50"):
    return client.charge(card=card, amount=Decimal(amount), description="order 1", key=key)


def test_capture_is_in_the_ledger(start_processor):
    client = start_processor()
    taken = charge(client)
    assert [(c["reference"], c["amount"]) for c in client.ledger()["charges"]] == [(taken.reference, 1250)]


def test_same_key_captures_once(start_processor):
    client = start_processor()
    assert charge(client) == charge(client)
    assert len(client.ledger()["charges"]) == 1


def test_same_key_other_amount_refused(start_processor):
    client = start_processor()
    charge(client)
    with pytest.raises(CardRequestRefused, match="422: idempotency_key_reused"):
        charge(client, amount="99")


@pytest.mark.parametrize(
    ("card", "amount", "reason"),
    [
        (cards.DECLINED, "5", "card_declined"),
        (cards.SMALL_LIMIT, "500.01", "insufficient_funds"),
        ("tok-1", "5", "unknown_card"),
    ],
)
def test_refused_card_moves_no_money(start_processor, card, amount, reason):
    client = start_processor()
    for _ in range(2):
        with pytest.raises(CardDeclined, match=reason):
            charge(client, card=card, amount=amount)
    assert client.ledger()["charges"] == []


def test_lost_answer_is_found_again(start_processor):
    client = start_processor(lost_answers=1)
    with pytest.raises(CardProcessorUnavailable):
        charge(client)
    found = client.charge_by_key("k1")
    assert charge(client) == found
    assert len(client.ledger()["charges"]) == 1


def test_time_out_takes_nothing(start_processor):
    client = start_processor(timeouts=1, stall=0.5, timeout=0.1)
    with pytest.raises(CardProcessorUnavailable, match="timed out"):
        charge(client)
    assert client.charge_by_key("k1") is None
    assert charge(client).amount == Decimal("12.50")


def test_unavailable_processor_says_so(start_processor):
    client = start_processor(unavailable=1)
    with pytest.raises(CardProcessorUnavailable, match="answered 503: unavailable"):
        charge(client)


def test_nobody_listening_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(CardProcessorUnavailable):
        charge(CardClient(url=f"http://127.0.0.1:{port}", timeout=1))


def test_partial_refunds_stop_at_the_whole(start_processor):
    client = start_processor()
    reference = charge(client).reference
    client.refund(reference, amount=Decimal("2.50"), key="r1")
    client.refund(reference, amount=Decimal("10"), key="r2")
    with pytest.raises(CardRequestRefused, match="409: amount_too_large"):
        client.refund(reference, amount=Decimal("0.01"), key="r3")
    assert client.charge_by_key("k1").refunded == Decimal("12.50")


def test_refund_repeated_counts_once(start_processor):
    client = start_processor(lost_answers=1)
    with pytest.raises(CardProcessorUnavailable):
        charge(client)
    reference = charge(client).reference
    with pytest.raises(CardProcessorUnavailable):
        client.refund(reference, amount=Decimal(5), key="r1")
    client.refund(reference, amount=Decimal(5), key="r1")
    assert [refund["amount"] for refund in client.ledger()["refunds"]] == [500]


def test_closed_key_captures_no_more(start_processor):
    client = start_processor()
    assert client.close("k1") is None
    with pytest.raises(CardDeclined, match="key_closed"):
        charge(client)
    assert client.ledger()["charges"] == []


def test_closing_returns_what_was_captured(start_processor):
    client = start_processor()
    assert client.close("k1") is None
    taken = charge(client, "k2")
    assert client.close("k2") == taken


def test_books_outlive_the_program(start_processor):
    taken = charge(start_processor())
    assert charge(start_processor()) == taken


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, b"{}", "idempotency_key_missing"),
        ({"Idempotency-Key": "k"}, b"{", "body_is_not_json"),
        ({"Idempotency-Key": "k"}, b"[]", "body_is_not_an_object"),
        ({"Idempotency-Key": "k"}, b'{"amount": -1}', "amount_is_not_a_positive_integer"),
        ({"Idempotency-Key": "k"}, b'{"amount": 1}', "card_missing"),
    ],
)
def test_bad_request_is_named(start_processor, headers, body, reason):
    request = urllib.request.Request(f"{start_processor().url}/charges", data=body, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    with problem.value as answer:
        assert (answer.code, json.load(answer)) == (400, {"error": reason})


def test_program_prints_its_address(tmp_path: Path):
    command = [sys.executable, "-m", "demo_shop.card_processor", "--ledger", str(tmp_path / "a ledger")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert charge(CardClient(url=program.stdout.readline().strip(), timeout=5)).reference
        finally:
            program.terminate()
    assert program.returncode == 0


def test_rates_strike_their_share():
    struck = sum(strikes("decline", f"key {number}", 0.05) for number in range(10_000))
    assert 400 < struck < 600
