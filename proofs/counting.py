"""What came of a run, counted against the model: read from the tables and the ledger, once, at the end."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from . import ledger
from .model import PERHAPS, Expected, balances, expect, explain
from .plan import Start

WORKFLOWS = """
SELECT id::text, (kwargs ->> 'number')::integer, kwargs ->> 'prefix', version, status, result::text, error ->> 'type',
  finished_at IS NULL
FROM pgworkflows_workflow WHERE name = 'proofs.program'
"""
TASKS = """
SELECT workflow_id::text, id, seq, kind, name, status, attempt FROM pgworkflows_task ORDER BY workflow_id, seq
"""
HISTORY = """
SELECT id, workflow::text, task, approval, event, from_status, to_status, state, actor
FROM pgworkflows_history WHERE workflow IS NOT NULL ORDER BY id
"""
TELL = """
SELECT id, at, event, from_status, to_status, state, attempt, actor, note FROM pgworkflows_history
WHERE workflow = %s::uuid ORDER BY id
"""


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
    calls_missing: int = 0
    calls_with_other_key: int = 0
    orphans: int = 0
    history_rows: int = 0
    history_missing: int = 0
    history_doubled: int = 0
    history_out_of_order: int = 0
    results_without_claim: int = 0
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
    "effects_lost", "effects_doubled", "effects_not_expected", "calls_missing", "calls_with_other_key", "orphans",
    "history_missing", "history_doubled", "history_out_of_order", "results_without_claim",
)  # fmt: skip


class Reading:
    """All rows of a run, by workflow."""

    def __init__(self, ledger_path: Path) -> None:
        from pgworkflows.store.connection import query

        self.rows: dict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
        for row in query(WORKFLOWS):
            self.rows[row[1], row[2]].append(row)
        self.tasks = _grouped(query(TASKS), 0)
        self.history = _grouped(query(HISTORY), 1)
        self.effects = Counter(tuple(row) for row in query("SELECT number, label, kind FROM proofs_row"))
        self.accounts: dict[int, int] = dict(query("SELECT id, units FROM proofs_account"))
        self.calls = ledger.by_call(ledger.read(ledger_path))


def _grouped(rows: Iterable[tuple[Any, ...]], column: int) -> dict[str, list[tuple[Any, ...]]]:
    groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


class Count:
    """Compares what is there with what the model says."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
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
        if self.reading.accounts != balances(ends):
            self._differs(-1, "", f"the accounts hold {self.reading.accounts}, not {balances(ends)}")
        known = {(end.number, end.prefix) for end in ends}
        for number, prefix in set(self.reading.rows) - known:
            self._differs(number, prefix, "nobody started this workflow")
        return self.counts

    def _differs(self, number: int, prefix: str, what: str) -> None:
        self._wrong = True
        self.counts.differences.append((number, prefix, what))

    def _workflow(self, end: Expected) -> None:
        rows = self.reading.rows.get((end.number, end.prefix), [])
        if len(rows) != 1:
            self._differs(end.number, end.prefix, f"there are {len(rows)} such workflows, not 1")
            return
        identity, _, _, version, status, result, error, unfinished = rows[0]
        self.counts.orphans += unfinished
        found = (version, status, result and json.loads(result), (error or "").rpartition(":")[2])
        wanted = (end.version, end.status, end.result, end.error)
        if found != wanted:
            self._differs(end.number, end.prefix, f"it ended as {found}, not as {wanted}")
        self._history(identity, status, end)

    def _history(self, identity: str, status: str, end: Expected) -> None:
        history = self.reading.history.get(identity, [])
        tasks = self.reading.tasks.get(identity, [])
        self.counts.steps += sum(task[3] in ("STEP", "COMPENSATION") for task in tasks)
        self.counts.history_rows += len(history)
        found = [(kind, name) for _, _, _, kind, name, _, _ in tasks]
        wanted = [(task.kind, task.name) for task in end.tasks]
        if found != wanted:
            self._differs(end.number, end.prefix, f"its tasks are {found}, not {wanted}")
        for task, expected in zip(tasks, end.tasks, strict=False):
            rows = [row for row in history if row[2] == task[1]]
            self._events([row[4] for row in rows], expected.events, end, f"task {task[2]} {task[4]}")
            self._chain(rows, task[5], end)
            if expected.attempts and task[6] != expected.attempts:
                self._differs(end.number, end.prefix, f"task {task[2]} has attempt {task[6]}, not {expected.attempts}")
        self._events([row[7] for row in history if row[4] == "state"], end.states, end, "states")
        self._approvals(history, end)
        own = [row for row in history if row[2] is None and row[3] is None and row[4] != "state"]
        self._chain(own, status, end)
        self._begun_in_order(history, tasks, end)
        self._owners(history, tasks, end)

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

    def _chain(self, rows: list[tuple[Any, ...]], status: str, end: Expected) -> None:
        """Each change begins where the one before ended, and the last leads to where it stands."""
        # A step that gave way stands as PENDING before its first attempt: that is no attempt, and has no row.
        at = "PENDING" if rows and rows[0][2] is not None and rows[0][5] == "PENDING" else ""
        for row in rows:
            if row[5] != at:
                self.counts.history_missing += 1
                self._differs(end.number, end.prefix, f"history row {row[0]} goes on from {row[5]}, but before was {at}")
            at = row[6]
        if rows and at != status:
            self.counts.history_missing += 1
            self._differs(end.number, end.prefix, f"history ends with {at}, and the status is {status}")

    def _approvals(self, history: list[tuple[Any, ...]], end: Expected) -> None:
        found: dict[int, list[str]] = defaultdict(list)
        for row in history:
            if row[3] is not None:
                found[row[3]].append(row[4])
        wanted = end.approvals
        for number in range(max(len(found), len(wanted))):
            events = list(found.values())[number] if number < len(found) else []
            self._events(events, wanted[number] if number < len(wanted) else [], end, f"approval {number + 1}")

    def _begun_in_order(self, history: list[tuple[Any, ...]], tasks: list[tuple[Any, ...]], end: Expected) -> None:
        """Tasks are first written about in the order of the body."""
        place = {task[1]: task[2] for task in tasks}
        begun = list(dict.fromkeys(place[row[2]] for row in history if row[2] in place))
        if begun != sorted(begun):
            self.counts.history_out_of_order += 1
            self._differs(end.number, end.prefix, f"its tasks begin in the order {begun}")

    def _owners(self, history: list[tuple[Any, ...]], tasks: list[tuple[Any, ...]], end: Expected) -> None:
        """Look who recorded what came back from outside: the worker that held the claim then, or another."""
        outside = {task[1] for task in tasks if task[3] == "STEP" and ".write-" not in task[4]}
        owner = ""
        for row in history:
            if row[4] == "run":
                owner = row[8]
            elif row[4] == "requeue":
                owner = owner if row[8] == owner else ""
            elif row[2] in outside and row[5] == "RUNNING" and row[8] != owner:
                self.counts.results_without_claim += 1
                self._differs(end.number, end.prefix, f"{row[8]} recorded a result, and {owner or 'nobody'} had the claim")

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
                self.counts.calls_made_again += max(0, len(entries) - wanted.attempts)
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


def tell(starts: list[Start], number: int, reading: Reading) -> str:
    """Return one workflow's program, what should have come of it, and the history of all that did."""
    from pgworkflows.store.connection import query

    lines: list[str] = []
    for start in (start for start in starts if start.number == number):
        lines += [f"program {number}, started by {start.how}:", json.dumps(start.program)]
        lines += [json.dumps(explain(end), indent=1) for end in expect(start)]
    for (owner, prefix), rows in reading.rows.items():
        if owner == number:
            for row in rows:
                lines.append(f"history of {number}/{prefix} ({row[0]}), {row[4]}:")
                lines += ["  " + " | ".join(map(str, entry)) for entry in query(TELL.replace("%s", "%(w)s"), {"w": row[0]})]
    return "\n".join(lines)
