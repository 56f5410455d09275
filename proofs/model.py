"""What must have come of a program, worked out in plain Python: nothing of the engine is imported here.

A workflow's tasks, their history, its states, its rows, its calls and its result follow from the program alone,
whatever is killed when. Only the row that says that a wait opened may be missing: the event may be there before, and a
short time may be over before a slow machine has written that it began.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .misdeeds import BLOCKED, MISDEEDS
from .plan import Start
from .programs import ACCOUNTS, NEVER_SECONDS, TRIES, Node, Program

APP = "proofs"
#: Written into the history or left out, as the moment has it.
PERHAPS = "?"


class OneOf(tuple[int, ...]):
    """One of these, as the moment has it."""

    def __eq__(self, other: object) -> bool:
        return other in list(self)

    __hash__ = None  # type: ignore[assignment] # it equals what is not equal


@dataclass(slots=True, eq=False)
class ExpectedTask:
    """One task: its history events in order, how often it was attempted, and how long it lasts where time ends it."""

    kind: str
    name: str
    events: list[str]
    attempts: int = 0
    seconds: float | None = None


@dataclass(slots=True)
class ExpectedCall:
    """An outside call: the attempts that must each have been made, with one key, and those once more when it was mended."""

    attempts: int
    after_mending: int = 0
    #: The label whose key the compensation must have been told, if that was an outside call too.
    compensates: str | None = None


@dataclass(slots=True)
class Expected:
    """One workflow's end."""

    number: int
    prefix: str
    version: int
    status: str = ""
    result: list[int] | None = None
    error: str = ""
    tasks: list[ExpectedTask] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: dict[tuple[str, str], ExpectedCall] = field(default_factory=dict)
    approvals: list[list[str]] = field(default_factory=list)
    accounts: Counter[int] = field(default_factory=Counter)
    misdeeds: list[str] = field(default_factory=list)


class BodyError(Exception):
    """The body raises here; `name` is the class that it raises."""

    def __init__(self, name: str) -> None:
        self.name = name


class CancelledHere(Exception):  # noqa: N818 - what happened
    """A person cancels the workflow here."""

    def __init__(self, *, compensate: bool) -> None:
        self.compensate = compensate


class BlockedHere(Exception):  # noqa: N818 - what happened
    """The engine stops trying here; a person who has looked cancels it, and nothing is undone."""


def expect(start: Start) -> list[Expected]:
    """Return the end of every workflow that comes of one start; none of one that was rolled back."""
    if start.how == "undone":
        return []
    ended: list[Expected] = []
    _Run(start.number, "", start.version, ended).run(start.program)
    if start.how == "order":
        ended[-1].rows["order", "order"] += 1
    return ended


class _Run:
    def __init__(self, number: int, prefix: str, version: int, ended: list[Expected]) -> None:
        self.end = Expected(number, prefix, version)
        self.ended = ended
        self.prefix = prefix
        self.trace: list[int] = []
        self.last = 0
        #: (node, label, whether its result is known), for what a failure undoes.
        self.done: list[tuple[Node, str, bool]] = []
        self.open_children: list[ExpectedTask] = []
        #: How many `try` the body is in.
        self.caught = 0

    def run(self, program: Program) -> Expected:
        end = self.end
        try:
            if end.version > 1:
                self._task("STEP", "release", ["task_complete"], 1)
                self._row("release", "do")
            self._block(program)
        except BodyError as error:
            end.error = error.name
            end.status = "COMPENSATED" if self.done else "FAILED"
            self._undo()
        except CancelledHere as cancelled:
            end.status = "CANCELLED"
            if cancelled.compensate:
                self._undo()
        except BlockedHere:
            end.status, end.error = "CANCELLED", "RuntimeError"
        else:
            end.status, end.result = "COMPLETED", self.trace
        if end.status != "FAILED":
            for task in self.open_children:
                task.events.append("task_cancel")
        self.ended.append(end)
        return end

    def _undo(self) -> None:
        for node, label, _ in reversed(self.done):
            stuck = node["undo_fails"] >= TRIES
            fails = TRIES - 1 if stuck else node["undo_fails"]
            name = f"{_step_name(node)}.compensation"
            begins = [] if node["undo"] == "atomic" else ["attempt"]
            events = [*begins, "attempt_failed"] * fails + [*begins, "task_complete"]
            if stuck:
                events[-1:] = ["task_fail", "task_retry", *begins, "task_complete"]
                self._row(label, "mended")
            self._task("COMPENSATION", name, events, 1 if stuck else fails + 1)
            if node["undo"] == "atomic":
                self._row(label, "undo")
            else:
                compensates = label if node["do"] == "call" else None
                self.end.calls[label, "undo"] = ExpectedCall(fails + 1, int(stuck), compensates)

    def _task(self, kind: str, name: str, events: list[str], attempts: int = 0, *, seconds: float | None = None) -> ExpectedTask:
        named = f"{APP}.{name}" if kind in ("STEP", "COMPENSATION") else name
        task = ExpectedTask(kind, named, events, attempts, seconds)
        self.end.tasks.append(task)
        return task

    def _row(self, label: str, kind: str) -> None:
        self.end.rows[label, kind] += 1

    def _gives(self, value: int) -> None:
        self.last = value
        self.trace.append(value)

    def _block(self, program: Program) -> None:
        for node in program:
            getattr(self, f"_{node['do']}")(node, self.prefix + node["at"])

    def _within(self, prefix: str, program: Program) -> None:
        before, self.prefix = self.prefix, prefix
        try:
            self._block(program)
        finally:
            self.prefix = before

    def _write(self, node: Node, label: str) -> None:
        tries, fails = node["tries"], node["fails"]
        if fails >= tries:
            self._task("STEP", _step_name(node), ["attempt_failed"] * (tries - 1) + ["task_fail"], tries)
            raise BodyError("Broken")
        self._task("STEP", _step_name(node), ["attempt_failed"] * fails + ["task_complete"], fails + 1)
        self._row(label, "do")
        if node["undo"]:
            self.done.append((node, label, True))
        self._gives(node["gives"])

    def _call(self, node: Node, label: str) -> None:
        tries, fails = node["tries"], node["fails"]
        if node["refused"]:
            self._task("STEP", _step_name(node), ["attempt", "task_fail"], 1)
            self.end.calls[label, "do"] = ExpectedCall(1)
            raise BodyError("Refused")
        gives_up = fails >= tries
        failures = tries - 1 if gives_up else fails
        ending = ["attempt", "task_fail" if gives_up else "task_complete"]
        self._task("STEP", _step_name(node), ["attempt", "attempt_failed"] * failures + ending, failures + 1)
        self.end.calls[label, "do"] = ExpectedCall(failures + 1)
        if node["undo"]:
            self.done.append((node, label, not gives_up))
        if gives_up:
            raise BodyError("Broken")
        self._gives(node["gives"])

    def _sleep(self, node: Node, label: str) -> None:
        self._task("TIMER", "sleep", [f"task_wait{PERHAPS}", "task_complete"], seconds=node["seconds"])

    def _event(self, node: Node, label: str) -> None:
        name = f"{node['sent']}:{label}:{node['gives']}"
        if node["sent"] in ("never", "late"):
            self._task("EVENT", name, [f"task_wait{PERHAPS}", "task_fail"], seconds=NEVER_SECONDS)
            raise BodyError("WaitTimeout")
        self._task("EVENT", name, [f"task_wait{PERHAPS}", "task_complete"])
        self._gives(node["gives"])

    def _cancelled(self, node: Node, label: str) -> None:
        self._task("EVENT", f"cancel:{label}:{int(node['compensate'])}", ["task_wait", "task_cancel"])
        raise CancelledHere(compensate=node["compensate"])

    def _send(self, node: Node, label: str) -> None:
        self._task("STEP", "send", ["task_complete"], 1)
        self._row(label, "do")

    def _approval(self, node: Node, label: str) -> None:
        verdict, quorum = node["verdict"], node["quorum"]
        opened = f"task_wait{PERHAPS}" if verdict == "never" else "task_wait"
        self._task("APPROVAL", f"{verdict}:{quorum}:{label}", [opened, "task_complete"])
        if node["limited"]:
            self._task("TIMER", "expiry", [opened, "task_complete" if verdict == "never" else "task_cancel"])
        decided = {"approve": ["decide"] * quorum + ["approve"], "reject": ["decide", "reject"], "never": ["expire"]}
        self.end.approvals.append(["request", "ask", "ask", *decided[verdict]])  # ann and bob
        self._gives(int(verdict == "approve"))

    def _share(self, node: Node, label: str) -> None:
        name = share_name(node, label)
        if node["among"] == "self":
            for value in node["gives"]:
                self._take({"name": name, "gives": value}, label)
            return
        take = {"do": "take", "at": "1", "name": name, "gives": OneOf(node["gives"])}
        _Run(self.end.number, f"{label}.", self.end.version, self.ended).run([take])
        self._task("CHILD", "proofs.program", ["task_wait", "task_complete"])
        self._task("EVENT", name, [f"task_wait{PERHAPS}", "task_complete"])
        self._gives(sum(node["gives"]))

    def _take(self, node: Node, label: str) -> None:
        self._task("EVENT", node["name"], [f"task_wait{PERHAPS}", "task_complete"])
        self._gives(node["gives"])

    def _nest(self, node: Node, label: str) -> None:
        fails = node["how"] == "fails"
        self._task("STEP", "nest", ["task_fail" if fails else "task_complete"], 1)
        if fails:
            raise BodyError("Broken")
        self._row(label, "do")
        if node["how"] == "kept":
            self._row(label, "nested")

    def _repair(self, node: Node, label: str) -> None:
        if self.caught or node["chosen"] == "compensate":
            self._task("STEP", "repair", ["task_fail"], 1)
            raise BodyError("Unsure")
        self._task("STEP", "repair", ["task_fail", "task_retry", "task_complete"], 1)
        self._row(label, "mended")
        self._row(label, "do")

    def _child(self, node: Node, label: str) -> None:
        child = _Run(self.end.number, f"{label}.", self.end.version, self.ended).run(node["program"])
        task = self._task("CHILD", "proofs.program", ["task_wait"])
        self.open_children.append(task)
        self._block(node["meanwhile"])
        if not node["awaited"]:
            return
        self.open_children.remove(task)
        if child.status != "COMPLETED":
            task.events.append("task_fail")
            raise BodyError("WorkflowFailed")
        task.events.append("task_complete")
        self._gives(len(child.result or []))

    def _spawn(self, node: Node, label: str) -> None:
        self._task("STEP", "spawn", ["task_complete"], 1)
        self._row(label, "do")
        _Run(self.end.number, f"{label}.", self.end.version, self.ended).run(node["program"])

    def _state(self, node: Node, label: str) -> None:
        self._task("STATE", node["name"], [])
        self.end.states.append(node["name"])

    def _value(self, node: Node, label: str) -> None:
        self._task("VALUE", node["which"], ["task_complete"])

    def _transfer(self, node: Node, label: str) -> None:
        self._task("STEP", "transfer", ["task_complete"], 1)
        self._row(label, "do")
        self.end.accounts[node["from"]] -= 1
        self.end.accounts[node["to"]] += 1

    def _meddle(self, node: Node, label: str) -> None:
        self._task("STEP", f"meddle-{node['how']}", ["task_fail"], 1)
        raise BodyError("IntegrityError" if node["how"] == "foreign_key" else "NotAllowed")

    def _misdeed(self, node: Node, label: str) -> None:
        misdeed = MISDEEDS[node["how"]]
        self.end.misdeeds.append(node["how"])
        if misdeed.error == BLOCKED:
            raise BlockedHere
        events = ["attempt"] * misdeed.call + ["task_fail" if misdeed.error else "task_complete"]
        self._task("STEP", node["how"], events, 1)
        if misdeed.call:
            self.end.calls[label, "do"] = ExpectedCall(1)
        if misdeed.error:
            raise BodyError(misdeed.error)
        self._row(label, "do")

    def _raise(self, node: Node, label: str) -> None:
        raise BodyError("Broken")

    def _if(self, node: Node, label: str) -> None:
        self._block(node["then"] if self.last % 2 == 0 else node["else"])

    def _loop(self, node: Node, label: str) -> None:
        times = self.last % 3 if node["times"] == "last" else node["times"]
        for turn in range(times):
            self._within(f"{label}[{turn}].", node["body"])

    def _try(self, node: Node, label: str) -> None:
        self.caught += 1
        try:
            self._block(node["body"])
        except BodyError:
            failed = True
        else:
            failed = False
        finally:
            self.caught -= 1
        if failed:
            self._block(node["otherwise"])


def share_name(node: Node, label: str) -> str:
    """Return the name under which both waits of a share are."""
    return f"share:{label}:{':'.join(map(str, node['gives']))}"


def _step_name(node: Node) -> str:
    kind = "wait" if node.get("waits") else node["do"]
    return f"{kind}-{node['tries']}-{node['undo'] or 'kept'}"


def balances(ends: list[Expected]) -> dict[int, int]:
    """Return what the hot rows must hold in the end."""
    total: Counter[int] = Counter(dict.fromkeys(range(ACCOUNTS), 0))
    for end in ends:
        total.update(end.accounts)
    return dict(total)


def explain(end: Expected) -> dict[str, Any]:
    """Return the expectation as what a person reads."""
    return {
        "workflow": f"{end.number}/{end.prefix}", "version": end.version, "status": end.status, "error": end.error,
        "result": end.result, "states": end.states, "tasks": [f"{t.kind} {t.name}: {', '.join(t.events)}" for t in end.tasks],
    }  # fmt: skip
