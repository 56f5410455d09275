"""What came of a run, counted against the model."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from .model import PERHAPS, Expected, ExpectedTask, balances, expect
from .plan import Start
from .reading import HistoryRow, Reading, TaskRow, WorkflowRow

#: Between two lines of a worker's code, and between two clocks of one machine, in seconds.
STALL, CLOCKS = timedelta(seconds=0.25), timedelta(seconds=0.01)
#: As a share of all pairs; those that share a batch begin at once, and two workers a little apart.
MOST_PASSED_OVER = 0.1


@dataclass(slots=True)
class Counts:
    """The numbers of one proof. Those whose names a proof may not have above 0 are in `MUST_BE_ZERO`."""

    workflows: int = 0
    as_modelled: int = 0
    steps: int = 0
    effects_once: int = 0
    effects_lost: int = 0
    effects_doubled: int = 0
    effects_not_expected: int = 0
    calls: int = 0
    calls_by_key: int = 0
    calls_made_again: int = 0
    calls_made_twice: int = 0
    calls_missing: int = 0
    calls_with_other_key: int = 0
    orphans: int = 0
    history_rows: int = 0
    history_missing: int = 0
    history_doubled: int = 0
    history_out_of_order: int = 0
    results_without_claim: int = 0
    timers_early: int = 0
    timers_late: int = 0
    values_changed: int = 0
    begun_early: int = 0
    priority_ignored: int = 0
    differences: list[tuple[int, str, str]] = field(default_factory=list)

    def wrong(self) -> list[str]:
        """Name what should be 0 and is not."""
        return [f"{name} {getattr(self, name)}" for name in MUST_BE_ZERO if getattr(self, name)] + (
            [f"{len(self.differences)} differences"] if self.differences else []
        )

    def figures(self) -> dict[str, int]:
        """Return the numbers by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "differences"}


MUST_BE_ZERO = (
    "effects_lost", "effects_doubled", "effects_not_expected", "calls_made_twice", "calls_missing", "calls_with_other_key",
    "orphans", "history_missing", "history_doubled", "history_out_of_order", "results_without_claim", "timers_early",
    "timers_late", "values_changed", "begun_early", "priority_ignored",
)  # fmt: skip


class Count:
    """Compares what is there with what the model says.

    `loses_calls` says that the fault may have lost an outside call, which is then made once more; `pruned` that workflows
    which have ended may be gone, but not what they did; `queued` that all were there before any worker was.
    """

    def __init__(self, reading: Reading, *, loses_calls: bool = True, pruned: bool = False, queued: bool = False) -> None:
        self.reading, self.loses_calls, self.pruned, self.queued = reading, loses_calls, pruned, queued
        self.counts = Counts()
        self._wrong = False

    def all(self, starts: list[Start]) -> Counts:
        """Count everything."""
        ends = [end for start in starts for end in expect(start)]
        expected: Counter[tuple[int, str, str]] = Counter()
        for end in ends:
            expected.update({(end.number, *row): count for row, count in end.rows.items()})
            self.counts.workflows += 1
            self._wrong = False
            self._workflow(end)
            self.counts.as_modelled += not self._wrong
        self._effects(expected)
        self._calls(ends)
        self._begun(starts)
        if self.reading.accounts != balances(ends):
            self._differs(-1, "", f"the accounts hold {self.reading.accounts}, not {balances(ends)}")
        known = {(end.number, end.prefix) for end in ends}
        for number, prefix in set(self.reading.workflows) - known:
            self._differs(number, prefix, "nobody started this workflow")
        return self.counts

    def _differs(self, number: int, prefix: str, what: str) -> None:
        self._wrong = True
        self.counts.differences.append((number, prefix, what))

    def _workflow(self, end: Expected) -> None:
        rows = self.reading.workflows.get((end.number, end.prefix), [])
        if not rows and self.pruned:
            return
        if len(rows) != 1:
            self._differs(end.number, end.prefix, f"there are {len(rows)} such workflows, not 1")
            return
        row = rows[0]
        result = json.loads(row.result) if row.result else None
        self.counts.orphans += row.unfinished
        found = (row.version, row.status, result and result["trace"], (row.error or "").rpartition(":")[2])
        wanted = (end.version, end.status, end.result, end.error)
        if found != wanted:
            self._differs(end.number, end.prefix, f"it ended as {found}, not as {wanted}")
        tasks = self.reading.tasks.get(row.id, [])
        self._values(result and result["values"], tasks, end)
        self._history(row, tasks, end)

    def _begun(self, starts: list[Start]) -> None:
        """Look when each was taken up: not before its delay was over, and the higher priority first."""
        by_priority: dict[int, list[datetime]] = defaultdict(list)
        for start in starts:
            for row in self.reading.workflows.get((start.number, ""), []):
                told = self.reading.history.get(row.id, [])
                if len(told) > 1 and told[1].at < told[0].at + timedelta(seconds=start.delay) - STALL:
                    self.counts.begun_early += 1
                    self._differs(
                        start.number, "", f"it began at {told[1].at}, {start.delay} s after {told[0].at} at the earliest"
                    )
                if row.started_at is not None and not start.delay:
                    by_priority[start.priority].append(row.started_at)
        if self.queued:
            pairs = [low < high for a, b in combinations(sorted(by_priority), 2)
                     for low in by_priority[a] for high in by_priority[b]]  # fmt: skip
            passed_over = sum(pairs)
            if passed_over > len(pairs) * MOST_PASSED_OVER:
                self.counts.priority_ignored = passed_over
                self._differs(-1, "", f"{passed_over} of {len(pairs)} times the lower priority was taken up first")

    def _values(self, seen: list[Any] | None, tasks: list[TaskRow], end: Expected) -> None:
        """Compare what the body got from now(), uuid4() and random() when it ran last with what was recorded at first."""
        recorded = [json.loads(task.result or "null") for task in tasks if task.kind == "VALUE"]
        if seen is not None and seen != recorded:
            self.counts.values_changed += 1
            self._differs(end.number, end.prefix, f"its values were {recorded} at first, and {seen} in the end")

    def _history(self, row: WorkflowRow, tasks: list[TaskRow], end: Expected) -> None:
        history = self.reading.history.get(row.id, [])
        self.counts.steps += sum(task.kind in ("STEP", "COMPENSATION") for task in tasks)
        self.counts.history_rows += len(history)
        found = [(task.kind, task.name) for task in tasks]
        wanted = [(task.kind, task.name) for task in end.tasks]
        if found != wanted:
            self._differs(end.number, end.prefix, f"its tasks are {found}, not {wanted}")
        for task, expected in zip(tasks, end.tasks, strict=False):
            self._task(task, expected, [line for line in history if line.task == task.id], end)
        self._events([line.state for line in history if line.event == "state"], end.states, end, "states")
        self._approvals(history, end)
        own = [line for line in history if line.task is None and line.approval is None and line.event != "state"]
        self._chain(own, row.status, end)
        self._begun_in_order(history, tasks, end)
        self._owners(history, tasks, end)

    def _task(self, task: TaskRow, expected: ExpectedTask, history: list[HistoryRow], end: Expected) -> None:
        self._events([line.event for line in history], expected.events, end, f"task {task.seq} {task.name}")
        self._chain(history, task.status, end)
        if expected.attempts and task.attempt != expected.attempts:
            self._differs(end.number, end.prefix, f"task {task.seq} has attempt {task.attempt}, not {expected.attempts}")
        if expected.seconds is not None and history:
            self._timer(task, timedelta(seconds=expected.seconds), history, end)

    def _timer(self, task: TaskRow, length: timedelta, history: list[HistoryRow], end: Expected) -> None:
        """Look whether it ended its length after it began, or later; the history has the database's clock."""
        first, last, due, began = history[0].at, history[-1].at, task.due_at, task.started_at
        if due is None or began is None or last < due - CLOCKS or due < began + length - STALL:
            self.counts.timers_early += 1
        elif due > first + length + CLOCKS:
            self.counts.timers_late += 1
        else:
            return
        told = f"began at {began}, was due at {due}, first told of at {first} and last at {last}"
        self._differs(end.number, end.prefix, f"timer {task.seq} of {length} {told}")

    def _events(self, found: list[str], wanted: list[str], end: Expected, of: str) -> None:
        """Compare two sequences; what is marked PERHAPS may be missing."""
        sure = [event.removesuffix(PERHAPS) for event in wanted if not event.endswith(PERHAPS) or event[:-1] in found]
        if found == sure:
            return
        missing, doubled = Counter(sure) - Counter(found), Counter(found) - Counter(sure)
        self.counts.history_missing += missing.total()
        self.counts.history_doubled += doubled.total()
        self.counts.history_out_of_order += not missing and not doubled
        self._differs(end.number, end.prefix, f"the history of {of} is {found}, not {sure}")

    def _chain(self, rows: list[HistoryRow], status: str, end: Expected) -> None:
        """Each change begins where the one before ended, and the last leads to where it stands."""
        # A step that was snoozed stands as PENDING before its first attempt: that is no attempt, and has no row.
        at = "PENDING" if rows and rows[0].task is not None and rows[0].from_status == "PENDING" else ""
        for row in rows:
            if row.from_status != at:
                self.counts.history_missing += 1
                self._differs(end.number, end.prefix, f"history row {row.id} goes on from {row.from_status}, but before was {at}")
            at = row.to_status
        if rows and at != status:
            self.counts.history_missing += 1
            self._differs(end.number, end.prefix, f"history ends with {at}, and the status is {status}")

    def _approvals(self, history: list[HistoryRow], end: Expected) -> None:
        found: dict[int, list[str]] = defaultdict(list)
        for row in history:
            if row.approval is not None:
                found[row.approval].append(row.event)
        wanted = end.approvals
        for number in range(max(len(found), len(wanted))):
            events = list(found.values())[number] if number < len(found) else []
            self._events(events, wanted[number] if number < len(wanted) else [], end, f"approval {number + 1}")

    def _begun_in_order(self, history: list[HistoryRow], tasks: list[TaskRow], end: Expected) -> None:
        """Tasks are first written about in the order of the body."""
        place = {task.id: task.seq for task in tasks}
        begun = list(dict.fromkeys(place[row.task] for row in history if row.task in place))
        if begun != sorted(begun):
            self.counts.history_out_of_order += 1
            self._differs(end.number, end.prefix, f"its tasks begin in the order {begun}")

    def _owners(self, history: list[HistoryRow], tasks: list[TaskRow], end: Expected) -> None:
        """Look who recorded what came back from outside: the worker that held the claim then, or another."""
        outside = {task.id for task in tasks if task.kind == "STEP" and ".write-" not in task.name}
        owner = ""
        for row in history:
            if row.event == "run":
                owner = row.actor
            elif row.event == "requeue":
                owner = owner if row.actor == owner else ""
            elif row.task in outside and row.from_status == "RUNNING" and row.actor != owner:
                self.counts.results_without_claim += 1
                self._differs(end.number, end.prefix, f"{row.actor} recorded a result, and {owner or 'nobody'} had the claim")

    def _effects(self, expected: Counter[tuple[int, str, str]]) -> None:
        found = self.reading.effects
        for effect, wanted in expected.items():
            self.counts.effects_once += found[effect] == wanted == 1
            self.counts.effects_lost += found[effect] < wanted
            self.counts.effects_doubled += found[effect] > wanted
            if found[effect] != wanted:
                self._differs(effect[0], "", f"effect {effect[1:]} happened {found[effect]} times, not {wanted}")
        for effect in set(found) - set(expected):
            self.counts.effects_not_expected += 1
            self._differs(effect[0], "", f"effect {effect[1:]} happened, and should not have")

    def _calls(self, ends: list[Expected]) -> None:
        found = dict(self.reading.calls)
        keys: dict[tuple[int, str, str], str] = {}
        for end in ends:
            for (label, kind), wanted in end.calls.items():
                entries = found.pop((end.number, label, kind), [])
                self.counts.calls += len(entries)
                again = max(0, len(entries) - wanted.attempts - wanted.after_mending)
                self.counts.calls_made_again += again
                if again and not self.loses_calls:
                    self.counts.calls_made_twice += again
                    self._differs(end.number, end.prefix, f"{kind} {label} was called once more, and no call was lost: {entries}")
                told = {entry.key for entry in entries}
                keys[end.number, label, kind] = next(iter(told), "")
                self.counts.calls_by_key += len(told)
                if {entry.attempt for entry in entries} != set(range(1, wanted.attempts + 1)):
                    self.counts.calls_missing += 1
                    self._differs(end.number, end.prefix, f"{kind} {label} was called as {entries}")
                compensated = {entry.compensates for entry in entries}
                lost_key = wanted.compensates is not None and compensated != {keys.get((end.number, wanted.compensates, "do"))}
                if len(told) > 1 or lost_key:
                    self.counts.calls_with_other_key += 1
                    self._differs(end.number, end.prefix, f"{kind} {label} was called with {told} for {compensated}")
        for number, label, kind in found:
            self.counts.effects_not_expected += 1
            self._differs(number, "", f"{kind} {label} was called, and should not have been")
