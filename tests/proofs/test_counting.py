"""What the counts are by: each is told by rows that are made by hand."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from proofs.counting import Count
from proofs.ledger import Entry
from proofs.model import expect
from proofs.plan import Start
from proofs.reading import HistoryRow, Reading, TaskRow, WorkflowRow

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SLEEP = [{"do": "sleep", "at": "1", "seconds": 3}]
CALL = [{"do": "call", "at": "1", "tries": 1, "fails": 0, "gives": 4, "undo": None, "undo_fails": 0, "waits": False,
         "refused": False}]  # fmt: skip
VALUE = [{"do": "value", "at": "1", "which": "random"}]


def reading(*, trace=(), values=(), tasks=(), history=(), effects=(), calls=None):
    """Make a reading of one workflow that has completed."""
    made = object.__new__(Reading)
    result = f'{{"trace": {list(trace)}, "values": {list(values)}}}'
    made.workflows = {(7, ""): [WorkflowRow("w", 7, "", 1, "COMPLETED", result, None, False, BEGAN)]}
    made.tasks, made.history = {"w": list(tasks)}, {"w": list(history)}
    made.effects, made.calls, made.accounts = Counter(effects), calls or {}, dict.fromkeys(range(4), 0)
    return made


def counted(program, found, **how):
    return Count(found, **how).all([Start(number=7, how="python", program=program)])


def line(number, at, event, was, now):
    return HistoryRow("w", number, BEGAN + timedelta(seconds=at), 1, None, event, was, now, "", "worker")


def slept(*, due, ended):
    task = TaskRow("w", 1, 1, "TIMER", "sleep", "COMPLETED", 0, None, BEGAN, BEGAN + timedelta(seconds=due))
    history = [line(1, 0.1, "task_wait", "", "WAITING"), line(2, ended, "task_complete", "WAITING", "COMPLETED")]
    return counted(SLEEP, reading(tasks=[task], history=history))


@pytest.mark.parametrize(("due", "ended", "early", "late"), [(3, 3.2, 0, 0), (3, 1, 1, 0), (1, 3.2, 1, 0), (3600, 3600, 0, 1)])
def test_timers_end_when_they_should(due, ended, early, late):
    counts = slept(due=due, ended=ended)
    assert (counts.timers_early, counts.timers_late) == (early, late)


@pytest.mark.parametrize(("again", "loses_calls", "twice"), [(0, False, 0), (1, False, 1), (1, True, 0)])
def test_calls_are_made_once_where_none_is_lost(again, loses_calls, twice):
    task = TaskRow("w", 1, 1, "STEP", "proofs.call-1-kept", "COMPLETED", 1, "4", BEGAN, None)
    entries = [Entry(7, "1", "do", "key", 1, 1, 0.0)] * (1 + again)
    counts = counted(CALL, reading(trace=[4], tasks=[task], calls={(7, "1", "do"): entries}), loses_calls=loses_calls)
    assert (counts.calls_made_again, counts.calls_made_twice) == (again, twice)


@pytest.mark.parametrize(("seen", "changed"), [(0.5, 0), (0.6, 1)])
def test_values_stay_what_they_were(seen, changed):
    task = TaskRow("w", 1, 1, "VALUE", "random", "COMPLETED", 0, "0.5", BEGAN, None)
    assert counted(VALUE, reading(values=[seen], tasks=[task])).values_changed == changed


@pytest.mark.parametrize(("at", "early"), [(2, 0), (0.5, 1)])
def test_delayed_starts_begin_no_earlier(at, early):
    found = reading(trace=[], history=[line(1, 0, "start", "", "PENDING"), line(2, at, "complete", "PENDING", "COMPLETED")])
    assert Count(found).all([Start(number=7, how="python", program=[], delay=1.5)]).begun_early == early


@pytest.mark.parametrize(("first", "ignored"), [(10, 0), (-10, 3)])
def test_higher_priorities_are_taken_up_first(first, ignored):
    found = reading()
    rows = {(n, ""): [found.workflows[7, ""][0]._replace(number=n, started_at=BEGAN + timedelta(seconds=n))] for n in range(4)}
    found.workflows = rows
    starts = [Start(number=n, how="python", program=[], priority=first if n == 0 else 0) for n in range(4)]
    assert Count(found, queued=True).all(starts).priority_ignored == ignored


def test_what_is_pruned_has_its_effects():
    gone = reading()
    gone.workflows = {}
    program = [{**CALL[0], "do": "write"}]
    counts = counted(program, gone, pruned=True)
    assert (counts.effects_lost, len(expect(Start(number=7, how="python", program=program)))) == (1, 1)
    gone.effects = Counter([(7, "1", "do")])
    assert counted(program, gone, pruned=True).wrong() == []
