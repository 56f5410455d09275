"""What a workflow waits for is told in the reader's time zone, hides what is hidden, and takes whatever SQL may have left."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from pgworkflows.models import Approval, Workflow
from pgworkflows.models.waits import WaitKind, wait_for
from pgworkflows.presentation.waits import Words, in_words, sentence, since, told

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TOLD = {
    "the time 2026-07-01 12:00:00 UTC": wait_for(WaitKind.TIMER, since=NOON, until=NOON),
    "the event “paid”": wait_for(WaitKind.EVENT, "paid"),
    "the event “paid” under “D7”, until 2026-07-01 12:00:00 UTC at the latest": wait_for(
        WaitKind.EVENT, "paid", correlation="D7", until=NOON
    ),
    "a decision on “Buy {it}”": wait_for(WaitKind.APPROVAL, "Buy {it}", approval=7),
    "changes to “Buy it” by eve": wait_for(WaitKind.CHANGES, "Buy it", approval=7, by="eve"),
    "the child shop.ship 0190": wait_for(WaitKind.CHILD, "shop.ship", workflow="0190"),
    "attempt 2 of shop.pay, due 2026-07-01 12:00:00 UTC": wait_for(WaitKind.ATTEMPT, "shop.pay", attempt=2, until=NOON),
    "the answer to attempt 1 of shop.pay": wait_for(WaitKind.CALL, "shop.pay", attempt=1),
    "another try, since its transaction was lost: OperationalError": wait_for(WaitKind.TRANSACTION, error="OperationalError"),
    "a person: ValueError": wait_for(WaitKind.PERSON, error="ValueError"),
    "shop.stock quantity 3": {"kind": "STOCK", "title": "shop.stock", "quantity": 3, "since": NOON.isoformat()},
}


@pytest.mark.parametrize("text", TOLD)
def test_wait_is_told_in_a_sentence(text):
    with timezone.override("UTC"):
        assert told(TOLD[text]) == text


def test_time_is_the_readers():
    with timezone.override("Asia/Kolkata"):
        assert told(wait_for(WaitKind.TIMER, until=NOON)) == "the time 2026-07-01 17:30:00 IST"


def test_sentence_names_rows():
    assert Words("Buy it", Approval, 7) in sentence(wait_for(WaitKind.APPROVAL, "Buy it", approval=7))
    assert Words("0190", Workflow, "0190") in sentence(wait_for(WaitKind.CHILD, "shop.ship", workflow="0190"))


def test_hidden_values_stay_hidden():
    assert told(wait_for(WaitKind.APPROVAL, "Open the door, password=sesame", approval=7)) == (
        "a decision on “Open the door, password=[hidden]”"
    )


@pytest.mark.parametrize("left", [None, "x", {}, [1, None, "x"]])
def test_what_is_no_wait_is_left_out(left):
    assert in_words(Workflow(waiting_for=left)) == ""


@pytest.mark.parametrize(
    "wait",
    [{}, {"kind": 7}, {"kind": "EVENT"}, {"kind": "TIMER", "until": "9999-99-99"}, {"kind": ["{x}"], "{y}": 1}, {"kind": "{0}"}],
)
def test_wait_that_is_odd_is_told_all_the_same(wait):
    assert isinstance(in_words(Workflow(waiting_for=[wait])), str)
    assert since(wait) is None


def test_sentences_are_translated_with_their_facts(monkeypatch):
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: text.replace("the event", "das Ereignis"))
    with translation.override("de"):
        assert told(wait_for(WaitKind.EVENT, "paid")) == "das Ereignis “paid”"
